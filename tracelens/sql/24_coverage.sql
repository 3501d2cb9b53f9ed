-- What the store holds, and what it lacks, for each server, service, log and hour of the days it has rows of.
-- column service: the service that writes the log; for message tracking by file name: transport (MSGTRK), delivery (MSGTRKMD), submission (MSGTRKMS, MSGTRKM), moderation (MSGTRKMA)
-- column state: covered (rows), quiet (no row, but this log writes few, or the server was silent), hole (no row, though this log usually writes and the server's other logs do), before first file, after last file, off (this server never wrote it here, others did: logging off or file not copied)
-- column file_count: files with rows of that hour
-- column sequence_hole_count: sequence numbers missing inside the conversations that began in that hour; single skips are normal
-- column file_hole_count: instance numbers missing in the names of that hour's (or day's) files
-- column is_oldest: the log's first hour here: what came before is past retention or was not copied
-- grain: server, service, log, hour
-- kind: table
-- basis: observed; hole and quiet inferred
with tracking_file as (
    select file_id, case when regexp_matches(upper(path), 'MSGTRKMD[0-9]') then 'delivery' when regexp_matches(upper(path), 'MSGTRKMS?[0-9]') then 'submission'
        when regexp_matches(upper(path), 'MSGTRKMA[0-9]') then 'moderation' else 'transport' end as service
    from log_file
),
seen as (
    select coalesce(server, '?') as server, service, 'smtp_' || direction as log, date_trunc('hour', date_time) as hour, file_id, count(*) as event_count
    from smtp_event group by 1, 2, 3, 4, 5
    union all
    select coalesce(t.server, '?'), coalesce(f.service, 'transport'), 'message_tracking', t.hour, t.file_id, t.event_count
    from (select server, date_trunc('hour', date_time) as hour, file_id, count(*) as event_count from tracking_event group by 1, 2, 3) t
    left join tracking_file f on f.file_id = t.file_id
    union all
    select coalesce(server, '?'), 'transport', 'connectivity', date_trunc('hour', date_time), file_id, count(*) from connectivity_event group by 1, 4, 5
    union all
    select coalesce(server, '?'), 'transport', 'agent', date_trunc('hour', date_time), file_id, count(*) from agent_event group by 1, 4, 5
    union all
    select coalesce(server, '?'), 'transport', 'queue', date_trunc('hour', date_time), file_id, count(*) from queue_state group by 1, 4, 5
    union all
    select coalesce(server, '?'), 'cloud', 'exo_trace', date_trunc('hour', date_time), file_id, count(*) from exo_trace_event group by 1, 4, 5
),
held as (
    select server, service, log, hour, count(distinct file_id) as file_count, cast(sum(event_count) as bigint) as event_count from seen where hour is not null
    group by server, service, log, hour
),
lane as (
    select server, service, log, min(hour) as first_hour, max(hour) as last_hour, percentile_disc(0.5) within group (order by event_count) as usual_count
    from held group by server, service, log
),
-- logs that another server of the same kind writes: an Edge server is not expected to write a mailbox server's
kind as (
    select server, coalesce(bool_or(service = 'edge'), false) as is_edge, coalesce(bool_or(service in ('frontend', 'delivery', 'submission')), false) as is_mailbox
    from lane where log in ('message_tracking', 'smtp_receive', 'smtp_send') and server <> '?' group by server
),
expected as (
    select distinct k.server, l.service, l.log from lane l join kind o on o.server = l.server
    join kind k on k.is_edge = o.is_edge and k.is_mailbox = o.is_mailbox
    where l.log in ('message_tracking', 'smtp_receive', 'smtp_send')
),
all_lane as (
    select server, service, log from lane union select server, service, log from expected
),
active as (
    select server, hour, cast(sum(event_count) as bigint) as event_count from held group by server, hour
),
day as (
    select distinct date_trunc('day', hour) as day from held
),
span as (
    select min(hour) as first_hour, max(hour) as last_hour from held
),
hours as (
    select h.hour from (select d.day + cast(n.hour as integer) * interval 1 hour as hour from day d cross join unnest(range(0, 24)) as n(hour)) h
    join span s on h.hour between s.first_hour and s.last_hour
),
named as (
    -- instance numbers in file names: PREFIXyyyymmdd[HH]-n.LOG
    select f.server, case when f.format = 'message_tracking' then coalesce(t.service, 'transport') else f.service end as service, f.format as log,
        try_cast(regexp_replace(rpad(regexp_extract(f.path, '([0-9]{8}([0-9]{2})?)-[0-9]+[.][A-Za-z]+$', 1), 10, '0'),
            '^(....)(..)(..)(..)$', '\1-\2-\3 \4:00:00') as timestamp) as hour,
        regexp_extract(f.path, '[0-9]{8}([0-9]{2})-[0-9]+[.][A-Za-z]+$', 1) <> '' as is_hourly,
        try_cast(regexp_extract(f.path, '[0-9]{8,10}-([0-9]+)[.][A-Za-z]+$', 1) as bigint) as instance
    from log_file f left join tracking_file t on t.file_id = f.file_id
    where f.server is not null and f.format in ('message_tracking', 'smtp_receive', 'smtp_send') and f.state in ('ingested', 'partial')
),
file_hole as (
    select server, service, log, hour, is_hourly, greatest(max(instance) - count(distinct instance), 0) as hole_count
    from named where hour is not null and instance is not null group by server, service, log, hour, is_hourly having max(instance) > count(distinct instance)
),
sequence_hole as (
    select coalesce(k.server, '?') as server, k.service, 'smtp_' || k.direction as log, date_trunc('hour', n.opened_at) as hour, cast(sum(n.hole_count) as bigint) as hole_count
    from session_hole n
    join session_number k on k.session_number = n.session_number
    group by 1, 2, 3, 4
)
select a.server, a.service, a.log, h.hour, coalesce(x.file_count, 0) as file_count, coalesce(x.event_count, 0) as event_count,
    case when x.event_count > 0 then 'covered' when l.first_hour is null then 'off' when h.hour < l.first_hour then 'before first file' when h.hour > l.last_hour then 'after last file'
        when l.usual_count >= 5 and v.event_count > 0 then 'hole' else 'quiet' end as state,
    coalesce(q.hole_count, 0) as sequence_hole_count, coalesce(f.hole_count, d.hole_count, 0) as file_hole_count, coalesce(h.hour = l.first_hour, false) as is_oldest
from all_lane a cross join hours h
left join held x on x.server = a.server and x.service = a.service and x.log = a.log and x.hour = h.hour
left join lane l on l.server = a.server and l.service = a.service and l.log = a.log
left join active v on v.server = a.server and v.hour = h.hour
left join sequence_hole q on q.server = a.server and q.service = a.service and q.log = a.log and q.hour = h.hour
left join file_hole f on f.is_hourly and f.server = a.server and f.service = a.service and f.log = a.log and f.hour = h.hour
left join file_hole d on not d.is_hourly and d.server = a.server and d.service = a.service and d.log = a.log and d.hour = date_trunc('day', h.hour)
