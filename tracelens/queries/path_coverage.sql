-- What the store holds of each server on one message's path in the hours of that path: hours held per log, 0 where there is nothing.
with span as (
    select date_trunc('hour', first_at) as low, date_trunc('hour', last_at) as high from message where message_key = $message and first_at is not null
),
named as (
    select from_server as server from hop where message_key = $message and from_service in ('frontend', 'hub', 'edge', 'delivery', 'submission')
    union select to_server from hop where message_key = $message and to_service in ('frontend', 'hub', 'edge', 'delivery', 'submission')
    union select server from gap where message_key = $message and server <> '?'
),
lane as (
    select column0 as position, column1 as log, column2 as service from (values (1, 'message_tracking', 'transport'), (2, 'smtp_receive', 'frontend'), (3, 'smtp_send', 'frontend'),
        (4, 'smtp_receive', 'hub'), (5, 'smtp_send', 'hub'), (6, 'smtp_receive', 'delivery'), (7, 'smtp_send', 'submission')) v(column0, column1, column2)
),
held as (
    select c.server, c.log, case when c.log = 'message_tracking' then 'transport' else c.service end as service, count(distinct c.hour) as hour_count, cast(sum(c.event_count) as bigint) as event_count
    from coverage c, span s where c.server in (select server from named) and c.hour between s.low and s.high and c.event_count > 0 group by 1, 2, 3
)
select n.server, l.log, l.service, coalesce(h.hour_count, 0) as hours_held, date_diff('hour', s.low, s.high) + 1 as hours_wanted, coalesce(h.event_count, 0) as event_count, s.low as first_hour, s.high as last_hour
from named n cross join lane l cross join span s left join held h on h.server = n.server and h.log = l.log and h.service = l.service
where n.server is not null order by n.server, l.position
