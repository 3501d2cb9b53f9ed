-- Difference of two servers' clocks over a stretch of time, from hand-overs between them.
-- column server: the clock that is compared with
-- column peer_server: the clock that is compared; it shows server's time plus offset_ms
-- column clock_server: the one of the two whose clock from_at and until_at are read on (the steadier one)
-- column from_at: first hand-over of the stretch
-- column until_at: last hand-over of the stretch
-- column holds_after: taken for times after this, up to holds_until: from the stretch before, or an hour before the first hand-over
-- column holds_until: end of the stretch, an hour later for the last
-- column offset_ms: peer_server's clock minus server's; empty when hand-overs limit it on one side only
-- column bound_ms: the true difference lies within offset_ms plus or minus this: half of the shortest apparent round trip, and what the clocks drifted
-- column lower_ms: the difference is at least this, as nothing arrives before it is sent; empty when no row tells
-- column upper_ms: the difference is at most this; empty when no row tells
-- column step_ms: change of offset_ms since the stretch before; empty in the first
-- column forward_count: times at which server spoke and peer_server heard
-- column backward_count: times at which peer_server spoke and server heard
-- column basis: both directions, forward only, backward only
-- grain: server, peer_server, from_at
-- kind: table
-- basis: inferred from the order that a hand-over must have
-- A row is stamped up to 5 ms after what it tells; both limits are widened by that, and by a second where rows show whole seconds.
with recursive crossed as (
    -- in microseconds: a command is heard after it is said, so the difference is at most forward; a reply likewise, so it is at least backward
    select h.from_server, h.to_server, coalesce(h.from_ended_at, h.from_started_at, r.date_time) as from_clock_at, coalesce(h.to_ended_at, h.to_started_at) as to_clock_at,
        date_diff('microsecond', coalesce(h.from_started_at, r.date_time), h.to_last_started_at) + coalesce(c.more_ms, 0) * 1000 as forward,
        date_diff('microsecond', h.from_ended_at, h.to_first_ended_at) - coalesce(c.more_ms, 0) * 1000 as backward
    from hop_whole h
    left join receipt r on h.from_started_at is null and r.message_key = h.message_key and r.node = h.from_node
    left join coarse_message c on c.message_key = h.message_key
    where h.from_server <> h.to_server
),
known as (
    select *, from_server < to_server as is_straight from crossed
    where coalesce(forward, backward) is not null and from_clock_at is not null and to_clock_at is not null
),
paired as (
    select case when is_straight then from_server else to_server end as low, case when is_straight then to_server else from_server end as high,
        case when is_straight then from_clock_at else to_clock_at end as low_at, case when is_straight then to_clock_at else from_clock_at end as high_at,
        case when is_straight then forward else -backward end as upper, case when is_straight then backward else -forward end as lower
    from known
),
instant as (
    -- each clock in turn orders the hand-overs: the one that stepped back tells them in a wrong order
    select low, high, clock, moment, max(lower) as lower, min(upper) as upper, count(upper) as upper_count, count(lower) as lower_count
    from (select low, high, low as clock, low_at as moment, lower, upper from paired union all select low, high, high, high_at, lower, upper from paired)
    group by low, high, clock, moment
),
bucket as (
    select low, high, clock, date_trunc('hour', moment) as hour, min(moment) as from_at, max(moment) as until_at,
        max(lower) as lower, min(upper) as upper, cast(sum(upper_count) as bigint) as upper_count, cast(sum(lower_count) as bigint) as lower_count
    from instant group by low, high, clock, date_trunc('hour', moment)
),
unit as (
    -- an hour with one difference is taken whole; an hour in which the limits contradict each other hand-over by hand-over
    select low, high, clock, from_at, until_at, lower, upper, upper_count, lower_count from bucket where not coalesce(lower - upper > 10000, false)
    union all
    select i.low, i.high, i.clock, i.moment, i.moment, i.lower, i.upper, i.upper_count, i.lower_count
    from bucket b join instant i on i.low = b.low and i.high = b.high and i.clock = b.clock and date_trunc('hour', i.moment) = b.hour
    where b.lower - b.upper > 10000
),
turn as (
    select low, high, clock, from_at, until_at, coalesce(lower, -1000000000000000) as lower, coalesce(upper, 1000000000000000) as upper, upper_count, lower_count,
        row_number() over (partition by low, high, clock order by from_at) as number
    from unit
),
fold as (
    -- a stretch goes on as long as one difference fits all its limits
    select low, high, clock, number, number as stretch, lower, upper from turn where number = 1
    union all
    select t.low, t.high, t.clock, t.number,
        case when greatest(f.lower, t.lower) - least(f.upper, t.upper) <= 10000 then f.stretch else t.number end,
        case when greatest(f.lower, t.lower) - least(f.upper, t.upper) <= 10000 then greatest(f.lower, t.lower) else t.lower end,
        case when greatest(f.lower, t.lower) - least(f.upper, t.upper) <= 10000 then least(f.upper, t.upper) else t.upper end
    from fold f join turn t on t.low = f.low and t.high = f.high and t.clock = f.clock and t.number = f.number + 1
),
stretch as (
    select t.low, t.high, t.clock, f.stretch, min(t.from_at) as from_at, max(t.until_at) as until_at,
        nullif(max(t.lower), -1000000000000000) as lower, nullif(min(t.upper), 1000000000000000) as upper,
        -- limits that close up over the stretch tell of drift: what one hour alone leaves open, less what all leave open
        min(case when t.lower_count > 0 and t.upper_count > 0 then t.upper - t.lower end) as width,
        cast(sum(t.upper_count) as bigint) as upper_count, cast(sum(t.lower_count) as bigint) as lower_count
    from turn t join fold f on f.low = t.low and f.high = t.high and f.clock = t.clock and f.number = t.number
    group by t.low, t.high, t.clock, f.stretch
),
steady as (
    select low, high, clock, row_number() over (partition by low, high order by count(*), clock) as rank from stretch group by low, high, clock
),
ordered as (
    select s.low as server, s.high as peer_server, s.clock, s.from_at, s.until_at, s.lower, s.upper, s.width, s.upper_count as forward_count, s.lower_count as backward_count
    from stretch s join steady y on y.low = s.low and y.high = s.high and y.clock = s.clock and y.rank = 1
    union all
    select s.high, s.low, s.clock, s.from_at, s.until_at, -s.upper, -s.lower, s.width, s.lower_count, s.upper_count
    from stretch s join steady y on y.low = s.low and y.high = s.high and y.clock = s.clock and y.rank = 1
),
measured as (
    select *, cast(round((lower + upper) / 2000.0) as bigint) as offset_ms, cast(ceil((abs(upper - lower) + 10000) / 2000.0 + coalesce(width - upper + lower, 0) / 1000.0) as bigint) + 1 as bound_ms from ordered
)
select server, peer_server, clock as clock_server, from_at, until_at,
    coalesce(lag(until_at) over (partition by server, peer_server order by from_at), from_at - interval 1 hour) as holds_after,
    case when lead(from_at) over (partition by server, peer_server order by from_at) is null then until_at + interval 1 hour else until_at end as holds_until, offset_ms, bound_ms,
    cast(floor((lower - 5000) / 1000.0) as bigint) as lower_ms, cast(ceil((upper + 5000) / 1000.0) as bigint) as upper_ms,
    offset_ms - lag(offset_ms) over (partition by server, peer_server order by from_at) as step_ms, forward_count, backward_count,
    case when offset_ms is not null then 'both directions' when upper is not null then 'forward only' else 'backward only' end as basis
from measured
