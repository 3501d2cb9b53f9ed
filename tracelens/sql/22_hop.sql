-- One hand-over of a message, put together from all logs that witness it.
-- column transit_ms: from the first to the last row of the hand-over as logged, whichever server's clock wrote them
-- column corrected_ms: the same on one clock, or with the difference of the two clocks taken off; empty when that is not known
-- column bound_ms: corrected_ms is right to plus or minus this; a shorter time than this is not told apart from none
-- column wait_ms: from the end of the hand-over before to the start of this one, on one clock or corrected where that is possible
-- column wait_bound_ms: wait_ms is right to plus or minus this; empty when two unchecked clocks gave it
-- column after_parent_ms: from the start of the hand-over before to the start of this one, on the clock of the server between them; empty when not known
-- column order_basis: what its place among the message's hops rests on: path, one clock, corrected clocks, kind
-- grain: hop_key
-- kind: table
-- order: message_key
-- basis: observed where a log of either side shows it, inferred where only a later log reports it, reported where only a header or a cloud trace tells it
with recursive keyed as (
    select *, md5(concat_ws('|', message_key, kind, anchor)) as hop_key from hop_whole
),
parent as (
    select c.hop_key, min({rank: case when p.kind = 'fork' then 0 else 1 end, moment: p.started_at, key: p.hop_key}).key as parent_hop_key
    from keyed c join keyed p on p.message_key = c.message_key and p.to_node = c.from_node and p.hop_key <> c.hop_key
    group by c.hop_key
),
timed as (
    -- started_on and ended_on: on the clock of the server that handed over
    select k.*, p.parent_hop_key, o.bound_ms as pair_bound_ms,
        k.to_started_at - interval 1 millisecond * o.offset_ms as to_started_on, k.to_ended_at - interval 1 millisecond * o.offset_ms as to_ended_on,
        coalesce(k.from_server = k.to_server, true) or coalesce(k.from_started_at, k.from_ended_at) is null or coalesce(k.to_started_at, k.to_ended_at) is null as is_one_clock,
        case k.kind when 'receive' then 0 when 'submit' then 0 when 'proxy' then 1 when 'dsn' then 0 when 'transfer' then 2 when 'fork' then 3 when 'expand' then 3 else 4 end as stage
    from keyed k left join parent p on p.hop_key = k.hop_key
    left join clock_offset o on o.server = k.from_server and o.peer_server = k.to_server and o.offset_ms is not null
        and case when o.clock_server = k.from_server then coalesce(k.from_ended_at, k.from_started_at) else coalesce(k.to_ended_at, k.to_started_at) end > o.holds_after
        and case when o.clock_server = k.from_server then coalesce(k.from_ended_at, k.from_started_at) else coalesce(k.to_ended_at, k.to_started_at) end <= o.holds_until
),
root as (
    select hop_key, message_key, case when coalesce(from_started_at, from_ended_at) is not null then from_server else to_server end as clock,
        coalesce(from_started_at, from_ended_at, to_started_at, to_ended_at, started_at, ended_at) as moment, stage
    from timed where parent_hop_key is null
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
    select t.*, case when t.parent_hop_key is not null then 'path' when a.is_known is null then 'one clock' when a.is_known then 'corrected clocks' else 'kind' end as order_basis,
        concat(case when t.parent_hop_key is null and not a.is_known then t.stage else 0 end,
            lpad(cast(coalesce(date_diff('microsecond', timestamp '1970-01-01 00:00:00',
                coalesce(c.moment, t.from_started_at, t.to_started_on, t.from_ended_at, t.started_at, t.ended_at)), 0) as varchar), 20, '0'),
            cast(t.stage as varchar), t.anchor, '|') as place
    from timed t left join compared c on c.hop_key = t.hop_key left join comparable a on a.message_key = t.message_key
),
deep as (
    -- numbers follow the tree: a hop, then what comes after it, branches in order of their start
    select hop_key, 0 as depth, place as tree_place from placed where parent_hop_key is null
    union all
    select p.hop_key, d.depth + 1, d.tree_place || p.place from placed p join deep d on p.parent_hop_key = d.hop_key where d.depth < 30
),
span as (
    -- in milliseconds: what the two ends tell together, and the wait since the parent's end on the waiting server's clock
    select r.*, row_number() over (partition by r.message_key order by d.tree_place nulls last, r.place) as hop_number,
        date_diff('microsecond', r.started_at, r.ended_at) / 1000.0 as raw,
        case when r.from_server = r.to_server then date_diff('microsecond', r.started_at, r.ended_at)
            when r.is_one_clock then date_diff('microsecond', coalesce(r.from_started_at, r.to_started_at, r.started_at), coalesce(r.from_ended_at, r.to_ended_at, r.ended_at))
            when r.from_started_at is not null and r.from_ended_at is not null then date_diff('microsecond', r.from_started_at, r.from_ended_at)
            else date_diff('microsecond', coalesce(r.from_started_at, r.to_started_on), greatest(r.from_ended_at, r.to_ended_on)) end / 1000.0 as corrected,
        case when r.is_one_clock or r.from_started_at is not null and r.from_ended_at is not null then 5 else r.pair_bound_ms end as bound,
        date_diff('microsecond', case when q.from_server = q.to_server then q.ended_at else q.to_ended_at end, case when q.to_server <> r.from_server then null when r.from_started_at is not null then r.from_started_at
            when r.from_server = r.to_server then r.started_at else r.to_started_on end) / 1000.0 as wait,
        case when r.from_started_at is not null or r.from_server = r.to_server then 5 else r.pair_bound_ms end as wait_bound,
        date_diff('microsecond', case when q.from_server = q.to_server then q.started_at else q.to_started_at end, case when q.to_server <> r.from_server then null when r.from_started_at is not null then r.from_started_at
            when r.from_server = r.to_server then r.started_at else r.to_started_on end) / 1000.0 as after_parent,
        date_diff('microsecond', q.ended_at, r.started_at) / 1000.0 as raw_wait
    from placed r left join deep d on d.hop_key = r.hop_key left join timed q on q.hop_key = r.parent_hop_key
)
select hop_key, message_key, hop_number, parent_hop_key, kind, from_server, from_service, from_ip, to_server, to_service, to_ip, to_port,
    send_connector, receive_connector, coalesce(started_at, ended_at) as started_at, ended_at,
    case when raw >= 0 then cast(floor(raw) as bigint) end as transit_ms,
    case when corrected is not null and bound is not null then cast(floor(greatest(corrected, 0)) as bigint) end as corrected_ms,
    case when corrected is not null then cast(bound as bigint) end as bound_ms,
    case when wait >= -wait_bound then cast(floor(greatest(wait, 0)) as bigint) when wait is null and raw_wait >= 0 then cast(floor(raw_wait) as bigint) end as wait_ms,
    case when wait >= -wait_bound then cast(wait_bound as bigint) end as wait_bound_ms,
    cast(floor(after_parent) as bigint) as after_parent_ms, tls_version, auth_user, substr(outcome, 2) as outcome, reply_text,
    basis, evidence, order_basis
from span
