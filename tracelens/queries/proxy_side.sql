-- Both sides of a hand-over, per hour: what the Front End tried, what the target's own log shows of it, and whether that log has rows at all.
with tried as (
    select session_key, date_trunc('hour', opened_at) as hour,
        coalesce(connect_error, tls_error) is not null or coalesce(regexp_matches(last_reply, '^[45]'), false) as is_failed
    from session where service = 'frontend' and direction = 'send' and not is_noise and server = $server and remote_ip = $remote_ip and remote_port = $remote_port
        and opened_at >= $since and opened_at < $until
),
joined as (
    select t.session_key, max(s.session_key) as other_key, bool_or(coalesce(regexp_matches(s.last_reply, '^[45]'), false)) as is_refused
    from tried t join link l on l.from_key = t.session_key and l.from_kind = 'session' and l.to_kind = 'session'
    join session s on s.session_key = l.to_key group by t.session_key
),
hourly as (
    select t.hour, count(*) as tried_count, count(*) filter (t.is_failed) as failed_count, count(j.other_key) as seen_count, count(*) filter (j.is_refused) as refused_count
    from tried t left join joined j on j.session_key = t.session_key group by t.hour
),
target as (
    select max(server) as server from inventory where network = $remote_ip and role = 'server'
),
logged as (
    select c.hour, cast(sum(c.event_count) as bigint) as row_count from coverage c join target t on t.server = c.server
    where c.log = 'smtp_receive' and c.service <> 'frontend' and c.event_count > 0 and c.hour >= $since - interval 1 hour and c.hour < $until group by c.hour
)
select i.hour, i.tried_count, i.failed_count, i.seen_count, i.refused_count, coalesce(l.row_count, 0) as row_count,
    case when l.row_count is null then 'no row in the target''s own receive log: log missing, or the service was down'
        when i.refused_count > 0 then 'the target answered and refused'
        when i.failed_count > 0 and i.seen_count = 0 then 'the target''s log has rows, but none of this Front End: nothing got through'
        when i.failed_count > 0 then 'some got through'
        when i.seen_count = i.tried_count then 'both sides show each of them' else 'worked, though the target''s log lacks some' end as verdict
from hourly i left join logged l on l.hour = i.hour
order by i.failed_count > 0 desc, i.hour desc limit 500
