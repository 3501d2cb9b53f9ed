-- Both sides of a hand-over, per hour: what the Front End tried, what the target's own log shows of it, and whether that log has rows at all.
with tried as (
    select date_trunc('hour', opened_at) as hour, count(*) as tried_count,
        count(*) filter (coalesce(connect_error, tls_error) is not null or coalesce(regexp_matches(last_reply, '^[45]'), false)) as failed_count
    from session where service = 'frontend' and direction = 'send' and not is_noise and server = $server and remote_ip = $remote_ip and remote_port = $remote_port
        and opened_at >= $since and opened_at < $until group by date_trunc('hour', opened_at)
),
target as (
    select max(server) as server from inventory where network = $remote_ip and role = 'server'
),
ours as (
    select network from inventory where server = $server and role = 'server'
),
seen as (
    select date_trunc('hour', s.opened_at) as hour, count(*) as seen_count, count(*) filter (regexp_matches(s.last_reply, '^[45]')) as refused_count
    from session s join target t on t.server = s.server
    where s.direction = 'receive' and s.local_port = $remote_port and s.remote_ip in (select network from ours) and s.opened_at >= $since and s.opened_at < $until
    group by date_trunc('hour', s.opened_at)
),
logged as (
    select c.hour, cast(sum(c.event_count) as bigint) as row_count from coverage c join target t on t.server = c.server
    where c.log = 'smtp_receive' and c.service <> 'frontend' and c.hour >= $since - interval 1 hour and c.hour < $until group by c.hour
)
select i.hour, i.tried_count, i.failed_count, coalesce(s.seen_count, 0) as seen_count, coalesce(s.refused_count, 0) as refused_count, coalesce(l.row_count, 0) as row_count,
    case when l.row_count is null then 'no row of the target''s own receive log: log missing, or the service was down'
        when i.failed_count > 0 and coalesce(s.seen_count, 0) = 0 then 'the target''s log has rows, but none of this Front End: it did not get through'
        when coalesce(s.refused_count, 0) > 0 then 'the target answered and refused'
        when i.failed_count > 0 then 'some got through' else 'both sides agree' end as verdict
from tried i left join seen s on s.hour = i.hour left join logged l on l.hour = i.hour
order by i.failed_count > 0 desc, i.hour desc limit 500
