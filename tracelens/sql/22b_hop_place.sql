-- The place of a hand-over among those of its message: numbers follow the tree, a hop, then what comes after it, branches in order of their start.
-- column order_basis: see hop
-- grain: hop_key
-- kind: temp
-- by: message
with recursive root as (
    select hop_key, message_key, case when coalesce(from_started_at, from_ended_at) is not null then from_server else to_server end as clock,
        coalesce(from_started_at, from_ended_at, to_started_at, to_ended_at, started_at, ended_at) as moment, stage
    from hop_time where parent_hop_key is null
),
reference as (
    select message_key, min({stage: stage, moment: moment, key: hop_key, clock: clock}).clock as clock
    from root group by message_key having count(*) > 1 and count(distinct coalesce(clock, '')) > 1
),
compared as (
    -- hops that nothing links are ordered by one clock if the difference to it is known, else by kind
    select r.hop_key, r.message_key, r.moment - interval 1 millisecond * max(o.offset_ms) as moment, r.clock is not distinct from f.clock or max(o.offset_ms) is not null as is_known
    from root r join reference f on f.message_key = r.message_key
    left join clock_offset o on o.server = f.clock and o.peer_server = r.clock and r.moment > o.holds_after and r.moment <= o.holds_until
    group by r.hop_key, r.message_key, r.moment, r.clock, f.clock
),
comparable as (
    select message_key, bool_and(is_known) as is_known from compared group by message_key
),
placed as (
    select t.hop_key, t.message_key, t.parent_hop_key, case when t.parent_hop_key is not null then 'path' when a.is_known is null then 'one clock' when a.is_known then 'corrected clocks' else 'kind' end as order_basis,
        concat(case when t.parent_hop_key is null and not a.is_known then t.stage else 0 end,
            lpad(cast(coalesce(date_diff('microsecond', timestamp '1970-01-01 00:00:00',
                coalesce(c.moment, t.from_started_at, t.to_started_on, t.from_ended_at, t.started_at, t.ended_at)), 0) as varchar), 20, '0'),
            cast(t.stage as varchar), t.anchor, '|') as place
    from hop_time t left join compared c on c.hop_key = t.hop_key left join comparable a on a.message_key = t.message_key
),
deep as (
    select hop_key, 0 as depth, place as tree_place from placed where parent_hop_key is null
    union all
    select p.hop_key, d.depth + 1, d.tree_place || p.place from placed p join deep d on p.parent_hop_key = d.hop_key where d.depth < 30
)
select p.hop_key, p.order_basis, row_number() over (partition by p.message_key order by d.tree_place nulls last, p.place) as hop_number
from placed p left join deep d on d.hop_key = p.hop_key
