-- The times of a hand-over on the clock of the server that handed over, and the hand-over before it.
-- column to_started_on: to_started_at on that clock; empty when the difference of the clocks is not known
-- column stage: place among the kinds of hand-overs
-- grain: hop_key
-- kind: temp
-- by: message
with keyed as (
    select md5(concat_ws('|', message_key, kind, anchor)) as hop_key, message_key, kind, anchor, from_server, to_server, from_node, to_node,
        started_at, ended_at, from_started_at, from_ended_at, to_started_at, to_ended_at
    from hop_whole
),
parent as (
    select c.hop_key, min({rank: case when p.kind = 'fork' then 0 else 1 end, moment: p.started_at, key: p.hop_key}).key as parent_hop_key
    from keyed c join keyed p on p.message_key = c.message_key and p.to_node = c.from_node and p.hop_key <> c.hop_key
    group by c.hop_key
)
select k.hop_key, k.message_key, k.kind, k.anchor, k.from_server, k.to_server, k.started_at, k.ended_at, k.from_started_at, k.from_ended_at, k.to_started_at, k.to_ended_at,
    p.parent_hop_key, o.bound_ms as pair_bound_ms,
    k.to_started_at - interval 1 millisecond * o.offset_ms as to_started_on, k.to_ended_at - interval 1 millisecond * o.offset_ms as to_ended_on,
    coalesce(k.from_server = k.to_server, true) or coalesce(k.from_started_at, k.from_ended_at) is null or coalesce(k.to_started_at, k.to_ended_at) is null as is_one_clock,
    case k.kind when 'receive' then 0 when 'submit' then 0 when 'proxy' then 1 when 'dsn' then 0 when 'transfer' then 2 when 'fork' then 3 when 'expand' then 3 else 4 end as stage
from keyed k left join parent p on p.hop_key = k.hop_key
left join clock_offset o on o.server = k.from_server and o.peer_server = k.to_server and o.offset_ms is not null
    and case when o.clock_server = k.from_server then coalesce(k.from_ended_at, k.from_started_at) else coalesce(k.to_ended_at, k.to_started_at) end > o.holds_after
    and case when o.clock_server = k.from_server then coalesce(k.from_ended_at, k.from_started_at) else coalesce(k.to_ended_at, k.to_started_at) end <= o.holds_until
