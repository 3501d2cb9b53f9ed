-- A range of RemoteIPRanges of a Receive connector, with its first and last address as 32 hex digits (IPv4 as ::ffff:a.b.c.d).
-- column address_count: how many addresses it holds; the smallest range that holds a client decides
-- column is_everything: all addresses of its family
-- column has_public: holds addresses that are not private ones
-- grain: connector_key, range_text
-- kind: table
-- basis: observed
with written as (
    select distinct c.connector_key, c.server, c.is_enabled, r.text as range_text from connector c cross join unnest(c.remote_ip_ranges) as r(text)
)
select w.connector_key, w.server, w.is_enabled, w.range_text, n.family, n.first_key, n.last_key, n.address_count,
    coalesce(n.family = 4 and n.address_count >= 4294967295 or n.family = 6 and n.address_count > power(2.0, 127), false) as is_everything, n.has_public
from written w left join network n on n.text = w.range_text
