-- Stretches of hours without a row of a log that its server wrote before and after, longest first.
with held as (
    select server, service, log, hour, lag(hour) over (partition by server, service, log order by hour) as before_hour
    from coverage
    where state = 'covered' and hour >= date_trunc('hour', $since) and hour < $until and ($server = '' or server = $server)
)
select server, service, log, before_hour + interval 1 hour as silent_from, hour as silent_until, date_diff('hour', before_hour, hour) - 1 as hours
from held where date_diff('hour', before_hour, hour) > 1
order by hours desc, server, service, log, silent_from
limit $limit
