-- What the store holds per server and log: hours, first and last, rows.
select server, service, log, count(*) as hour_count, cast(sum(event_count) as bigint) as event_count, min(hour) as first_hour, max(hour) as last_hour
from coverage where state = 'covered' group by server, service, log order by server, log, service
