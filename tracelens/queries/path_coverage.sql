-- What the store holds of each server on one message's path in the hours of that path: hours held per log, and why others lack.
with span as (
    select date_trunc('hour', first_at) as low, date_trunc('hour', last_at) as high from message where message_key = $message and first_at is not null
),
named as (
    select from_server as server from hop where message_key = $message and from_service in ('frontend', 'hub', 'edge', 'delivery', 'submission')
    union select to_server from hop where message_key = $message and to_service in ('frontend', 'hub', 'edge', 'delivery', 'submission')
    union select server from gap where message_key = $message and server <> '?'
),
edge as (
    select distinct server from coverage where service = 'edge'
),
lane as (
    select n.server, v.log, v.service
    from named n cross join (values ('message_tracking', 'transport'), ('message_tracking', 'delivery'), ('message_tracking', 'submission'), ('smtp_receive', 'frontend'),
        ('smtp_send', 'frontend'), ('smtp_receive', 'hub'), ('smtp_send', 'hub'), ('smtp_receive', 'delivery'), ('smtp_send', 'submission')) v(log, service)
    where n.server is not null and n.server not in (select server from edge)
    union
    select server, log, service from coverage where server in (select server from named) and log in ('message_tracking', 'smtp_receive', 'smtp_send')
),
held as (
    select c.server, c.log, c.service, count(*) filter (c.state in ('covered', 'quiet')) as hour_count, cast(sum(c.event_count) as bigint) as event_count,
        string_agg(distinct c.state, ', ' order by c.state) filter (c.state not in ('covered', 'quiet')) as lacking
    from coverage c, span s where c.server in (select server from named) and c.hour between s.low and s.high group by c.server, c.log, c.service
)
select l.server, l.log, l.service, coalesce(h.hour_count, 0) as hours_held, date_diff('hour', s.low, s.high) + 1 as hours_wanted, coalesce(h.event_count, 0) as event_count,
    h.lacking, s.low as first_hour, s.high as last_hour
from lane l cross join span s left join held h on h.server = l.server and h.log = l.log and h.service = l.service
order by l.server, case l.log when 'message_tracking' then 0 else 1 end,
    case l.service when 'transport' then 0 when 'frontend' then 1 when 'edge' then 1 when 'hub' then 2 when 'delivery' then 3 else 4 end, l.log, l.service
