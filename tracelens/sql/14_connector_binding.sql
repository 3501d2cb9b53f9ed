-- An address and port on which a Receive connector listens.
-- column is_any: 0.0.0.0 or [::], all addresses of a family
-- grain: connector_key, binding
-- kind: table
-- basis: observed
with written as (
    select distinct c.connector_key, c.server, c.is_enabled, b.binding as binding, regexp_extract(b.binding, '^(.+):[0-9]+$', 1) as host,
        try_cast(regexp_extract(b.binding, ':([0-9]+)$', 1) as integer) as port
    from connector c cross join unnest(c.bindings) as b(binding)
)
select w.connector_key, w.server, w.is_enabled, w.binding, a.address_key, a.family, w.port,
    coalesce(a.address_key in (repeat('0', 32), '00000000000000000000ffff00000000'), false) as is_any
from written w left join address a on a.text = w.host
