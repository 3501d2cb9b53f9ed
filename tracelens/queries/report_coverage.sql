-- Hours with rows per log, server and service in a window.
select log, server, service, count(distinct hour) as hours, cast(sum(event_count) as bigint) as rows, min(hour) as first_hour, max(hour) as last_hour
from coverage
where state = 'covered' and hour >= date_trunc('hour', $since) and hour < $until and ($server = '' or server = $server)
group by log, server, service order by log, server, service
