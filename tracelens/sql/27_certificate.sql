-- A certificate that a service showed, or that a peer showed to it, on one connector.
-- column side: own: the service showed it; peer: the other side did
-- column remote_ip: the peer that showed it; null for certificates of our own
-- column not_after: end of its life; null where the log does not say (2013 and before)
-- grain: server, service, direction, connector_id, side, remote_ip, thumbprint
-- kind: table
-- basis: observed
with placed as (
    select *, sum(case when opens is not null then 1 else 0 end) over (partition by session_number order by step_number rows between unbounded preceding and current row) as turn
    from certificate_step
),
parsed as (
    -- few texts for many sessions
    select context, data,
        case when contains(context, 'Serial number') then regexp_extract(data, ' ([0-9A-Fa-f]{20,}) [0-9]{4}-', 1) when context = 'Certificate thumbprint' then trim(data) end as thumbprint,
        case when contains(context, 'Serial number') then trim(regexp_extract(data, '^ *(.+?) +[0-9A-Fa-f]{8,} +[0-9A-Fa-f]{20,} ', 1)) when context = 'Certificate subject' then trim(data) end as subject,
        case when contains(context, 'Serial number') then regexp_extract(data, 'Z ([^ ]+)$', 1) when context = 'Certificate alternate names' then trim(data) end as names,
        case when contains(context, 'Not after') then try_cast(regexp_extract(data, ' ([0-9]{4}-[0-9-]+T[0-9:.]+)Z [0-9]{4}-', 1) as timestamp) end as not_before,
        case when contains(context, 'Not after') then try_cast(regexp_extract(data, ' [0-9]{4}-[0-9-]+T[0-9:.]+Z ([0-9]{4}-[0-9-]+T[0-9:.]+)Z', 1) as timestamp) end as not_after
    from (select distinct context, data from certificate_step)
),
shown as (
    select p.session_number, p.turn, max(p.opens) as side, min(p.date_time) as moment, max(x.thumbprint) as thumbprint, max(x.subject) as subject, max(x.names) as names,
        max(x.not_before) as not_before, max(x.not_after) as not_after, min({file_id: p.file_id, line_number: p.line_number}) as row
    from placed p join parsed x on x.context = p.context and x.data is not distinct from p.data
    where p.turn > 0 group by p.session_number, p.turn
),
counted as (
    select s.server, s.service, s.direction, s.connector_id, h.side, case when h.side = 'peer' then s.remote_ip end as remote_ip, upper(h.thumbprint) as thumbprint,
        max(split_part(h.subject, ' CN=', 1)) as subject, max(h.names) as names, max(h.not_before) as not_before, max(h.not_after) as not_after,
        count(distinct h.session_number) as session_count, min(h.moment) as first_at, max(h.moment) as last_at,
        min({moment: h.moment, file_id: h.row.file_id, line_number: h.row.line_number}) as first_row, max({moment: h.moment, file_id: h.row.file_id, line_number: h.row.line_number}) as last_row
    from shown h join session_number k on k.session_number = h.session_number join session s on s.session_key = k.session_key
    where coalesce(h.thumbprint, '') <> ''
    group by s.server, s.service, s.direction, s.connector_id, h.side, case when h.side = 'peer' then s.remote_ip end, upper(h.thumbprint)
)
select server, service, direction, connector_id, side, remote_ip, thumbprint, subject, nullif(names, '') as names, not_before, not_after, session_count, first_at, last_at,
    list_sort(list_distinct([struct_pack(file_id := first_row.file_id, line_number := first_row.line_number), struct_pack(file_id := last_row.file_id, line_number := last_row.line_number)])) as evidence
from counted
