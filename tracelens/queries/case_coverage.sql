-- What the store holds for each server, service and log between two times, by day.
select server, service, log, cast(date_trunc('day', hour) as date) as day, count(*) as hours_with_rows, cast(sum(event_count) as bigint) as event_count
from coverage where state = 'covered' and hour >= date_trunc('hour', cast($since as timestamp)) and hour <= $until
group by all order by server, log, service, day
