-- Joins of two records held to be the same hand-over or cause and effect, with the name of the join and its basis.
-- column basis: observed (an id names the other side), inferred (endpoints, time or message-id agree), ambiguous (another candidate is as good)
-- grain: from_kind, from_key, to_kind, to_key, join_name
-- kind: table
-- source: formats.md 4.2 (J1 to J18)
with candidate as (
    select * from join_session union all select * from join_protocol union all select * from join_track
),
best as (
    select join_name, single_key, min(strength) as strength from candidate where single_key is not null group by join_name, single_key
),
kept as (
    select c.from_kind, c.from_key, c.to_kind, c.to_key, c.join_name, c.basis, c.single_key
    from candidate c left join best b on b.join_name = c.join_name and b.single_key = c.single_key
    where c.single_key is null or c.strength = b.strength
),
rival as (
    select join_name, single_key from kept where single_key is not null group by join_name, single_key having count(*) > 1
)
select k.from_kind, k.from_key, k.to_kind, k.to_key, k.join_name, case when r.single_key is not null then 'ambiguous' else k.basis end as basis
from kept k left join rival r on r.join_name = k.join_name and r.single_key = k.single_key
