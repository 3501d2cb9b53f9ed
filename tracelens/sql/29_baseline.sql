-- What is usual for a client, a connector or an account in one hour of the week: middle and spread of its messages, silent hours counted as none.
-- column entity_kind: client, connector, account
-- column hour_of_week: 0 is Monday 00:00 to 01:00 UTC, 167 the last hour of Sunday
-- column week_count: weeks of which the logs hold that hour
-- column busy_count: of these, weeks in which it sent
-- column median_count: middle of the messages in that hour
-- column mad_count: middle distance from that middle
-- column state: known: four weeks of logs and five such hours; else not enough history
-- grain: entity_kind, entity, hour_of_week
-- kind: table
-- basis: observed
with held as (
    select distinct hour from coverage where log = 'smtp_receive' and hour is not null
),
week_hour as (
    select cast(date_diff('millisecond', timestamp '2024-01-01 00:00:00', hour) as bigint) // 3600000 % 168 as hour_of_week, count(*) as week_count from held group by all
),
span as (
    select date_diff('millisecond', min(hour), max(hour)) // 86400000 as days from held
),
busy as (
    select entity_kind, entity, cast(date_diff('millisecond', timestamp '2024-01-01 00:00:00', hour) as bigint) // 3600000 % 168 as hour_of_week,
        list(message_count) as counts, max(message_count) as most, min(first_at) as first_at, max(last_at) as last_at
    from activity_hour group by all
),
padded as (
    select b.*, greatest(w.week_count, len(b.counts)) as week_count,
        list_sort(list_concat(b.counts, list_transform(range(greatest(w.week_count - len(b.counts), 0)), lambda x: 0))) as sorted
    from busy b join week_hour w on w.hour_of_week = b.hour_of_week
),
centred as (
    select *, sorted[(len(sorted) + 1) // 2] as median_count from padded
)
select c.entity_kind, c.entity, c.hour_of_week, c.week_count, len(c.counts) as busy_count, c.median_count,
    list_sort(list_transform(c.sorted, lambda x: abs(x - c.median_count)))[(len(c.sorted) + 1) // 2] as mad_count, c.most as most_count, c.first_at, c.last_at,
    case when s.days >= 28 and c.week_count >= 5 then 'known' else 'not enough history' end as state
from centred c cross join span s
