-- Rows per server, log and hour (or day), and hours with a hole, with a line for each log that a named server could have written.
with seen as (
    select server, service, log, date_trunc($bucket, hour) as hour, cast(sum(event_count) as bigint) as event_count, count(*) filter (state = 'hole') as hole_count
    from coverage where state in ('covered', 'hole') group by all
),
lane as (
    select server, service, log from seen
    union
    select s.server, l.service, l.log
    from (select distinct server from seen where server <> '?') s cross join (select distinct service, log from seen where log not in ('exo_trace', 'queue')) l
)
select l.server, l.service, l.log, s.hour, s.event_count, s.hole_count
from lane l left join seen s on s.server = l.server and s.service = l.service and s.log = l.log
order by l.server desc, l.log desc, l.service desc, s.hour
