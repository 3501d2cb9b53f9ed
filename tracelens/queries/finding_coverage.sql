-- The coverage that one finding rests on: its server (all when it names none) and its first to last hit, by log.
with asked as (
    select finding_key, server, coalesce(first_at, last_at) as first_at, coalesce(last_at, first_at) as last_at from finding where finding_key = $finding
)
select c.server, c.service, c.log, count(*) filter (c.state = 'covered') as covered_hours, count(*) filter (c.state = 'quiet') as quiet_hours,
    count(*) filter (c.state not in ('covered', 'quiet')) as missing_hours,
    string_agg(distinct case when c.state not in ('covered', 'quiet') then c.state end, ', ' order by case when c.state not in ('covered', 'quiet') then c.state end) as missing_states
from asked a join coverage c on (a.server is null or c.server = upper(a.server))
    and (a.first_at is null or c.hour between date_trunc('hour', a.first_at) and a.last_at)
group by c.server, c.service, c.log order by c.server, c.service, c.log
