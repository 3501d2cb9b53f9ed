-- What a trace or finding of one time window and some servers rests on: hours of each log by state; all servers when none is named.
select server, service, log, count(*) filter (state = 'covered') as covered_hours, count(*) filter (state = 'quiet') as quiet_hours,
    count(*) filter (state not in ('covered', 'quiet')) as missing_hours,
    string_agg(distinct case when state not in ('covered', 'quiet') then state end, ', ' order by case when state not in ('covered', 'quiet') then state end) as missing_states,
    min(case when state not in ('covered', 'quiet') then hour end) as first_missing, max(case when state not in ('covered', 'quiet') then hour end) as last_missing,
    cast(sum(event_count) as bigint) as event_count, cast(sum(file_hole_count) as bigint) as file_hole_count
from coverage
where hour >= date_trunc('hour', cast($since as timestamp)) and hour <= cast($until as timestamp)
    and (cast($servers as varchar) = '' or list_contains(string_split(upper(cast($servers as varchar)), ','), upper(server)))
group by server, service, log order by server, service, log
