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
-- by: message
-- order: message_key
-- basis: observed where a log of either side shows it, inferred where only a later log reports it, reported where only a header or a cloud trace tells it
with span as (
    -- in milliseconds: what the two ends tell together, and the wait since the parent's end on the waiting server's clock
    select r.hop_key, r.message_key, r.kind, r.anchor, r.parent_hop_key,
        date_diff('microsecond', r.started_at, r.ended_at) / 1000.0 as raw,
        case when r.from_server = r.to_server then date_diff('microsecond', r.started_at, r.ended_at)
            when r.is_one_clock then date_diff('microsecond', coalesce(r.from_started_at, r.to_started_at, r.started_at), coalesce(r.from_ended_at, r.to_ended_at, r.ended_at))
            when r.from_started_at is not null and r.from_ended_at is not null then date_diff('microsecond', r.from_started_at, r.from_ended_at)
            else date_diff('microsecond', coalesce(r.from_started_at, r.to_started_on), greatest(r.from_ended_at, r.to_ended_on)) end / 1000.0 as corrected,
        case when r.is_one_clock or r.from_started_at is not null and r.from_ended_at is not null then 5 + coalesce(c.more_ms, 0) else r.pair_bound_ms end as bound,
        date_diff('microsecond', case when q.from_server = q.to_server then q.ended_at else q.to_ended_at end, case when q.to_server <> r.from_server then null when r.from_started_at is not null then r.from_started_at
            when r.from_server = r.to_server then r.started_at else r.to_started_on end) / 1000.0 as wait,
        case when r.from_started_at is not null or r.from_server = r.to_server then 5 + coalesce(c.more_ms, 0) else r.pair_bound_ms end as wait_bound,
        date_diff('microsecond', case when q.from_server = q.to_server then q.started_at else q.to_started_at end, case when q.to_server <> r.from_server then null when r.from_started_at is not null then r.from_started_at
            when r.from_server = r.to_server then r.started_at else r.to_started_on end) / 1000.0 as after_parent,
        date_diff('microsecond', q.ended_at, r.started_at) / 1000.0 as raw_wait
    from hop_time r left join hop_time q on q.hop_key = r.parent_hop_key left join coarse_message c on c.message_key = r.message_key
)
select s.hop_key, s.message_key, p.hop_number, s.parent_hop_key, s.kind, w.from_server, w.from_service, w.from_ip, w.to_server, w.to_service, w.to_ip, w.to_port,
    w.send_connector, w.receive_connector, coalesce(w.started_at, w.ended_at) as started_at, w.ended_at,
    case when raw >= 0 then cast(floor(raw) as bigint) end as transit_ms,
    case when corrected is not null and bound is not null then cast(floor(greatest(corrected, 0)) as bigint) end as corrected_ms,
    case when corrected is not null then cast(bound as bigint) end as bound_ms,
    case when wait >= -wait_bound then cast(floor(greatest(wait, 0)) as bigint) when wait is null and raw_wait >= 0 then cast(floor(raw_wait) as bigint) end as wait_ms,
    case when wait >= -wait_bound then cast(wait_bound as bigint) end as wait_bound_ms,
    cast(floor(after_parent) as bigint) as after_parent_ms, w.tls_version, w.auth_user, substr(w.outcome, 2) as outcome, w.reply_text,
    w.basis, w.evidence, p.order_basis
from span s join hop_place p on p.hop_key = s.hop_key
join hop_whole w on w.message_key = s.message_key and w.kind = s.kind and w.anchor is not distinct from s.anchor
