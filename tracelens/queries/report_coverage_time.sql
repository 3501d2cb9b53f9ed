-- Rows per hour (or day) and log in a window.
select date_trunc($bucket, hour) as moment, log as series, cast(sum(event_count) as double) as value
from coverage
where state = 'covered' and hour >= date_trunc('hour', $since) and hour < $until and ($server = '' or server = $server)
group by all order by moment, series
