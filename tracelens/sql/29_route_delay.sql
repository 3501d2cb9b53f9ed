-- How long hand-overs of one route usually take, and how long messages usually wait before them.
-- column measure: transit (the hand-over itself) or wait (before it, in the sender's queue)
-- column hop_count: accepted hand-overs with a known time; health probes do not count
-- column median_ms: half of them took at most this
-- column mad_ms: median of their distances from the median
-- column p95_ms: 95 of 100 took at most this
-- column usual_ms: up to this a time is usual: p95_ms, or the median and six times mad_ms, whichever is more
-- column has_history: at least 30 hand-overs; with fewer nothing is called slow
-- grain: from_server, to_server, kind, measure
-- kind: table
-- basis: observed
with taken as (
    select h.from_server, h.to_server, h.kind, h.corrected_ms, case when h.wait_bound_ms is not null then h.wait_ms end as wait_ms
    from hop h join message m on m.message_key = h.message_key
    where h.outcome = 'accepted' and not m.is_noise and h.kind in ('receive', 'proxy', 'transfer', 'submit', 'deliver', 'external')
),
timed as (
    select from_server, to_server, kind, 'transit' as measure, corrected_ms as ms from taken where corrected_ms is not null
    union all
    select from_server, to_server, kind, 'wait', wait_ms from taken where wait_ms is not null
),
middle as (
    select from_server, to_server, kind, measure, count(*) as hop_count, percentile_disc(0.5) within group (order by ms) as median_ms,
        percentile_disc(0.95) within group (order by ms) as p95_ms, max(ms) as max_ms
    from timed group by from_server, to_server, kind, measure
),
spread as (
    select t.from_server, t.to_server, t.kind, t.measure, percentile_disc(0.5) within group (order by abs(t.ms - m.median_ms)) as mad_ms
    from timed t join middle m on m.kind = t.kind and m.measure = t.measure and m.from_server is not distinct from t.from_server
        and m.to_server is not distinct from t.to_server
    group by t.from_server, t.to_server, t.kind, t.measure
)
select m.from_server, m.to_server, m.kind, m.measure, m.hop_count, m.median_ms, s.mad_ms, m.p95_ms, m.max_ms,
    greatest(m.p95_ms, m.median_ms + 6 * s.mad_ms) as usual_ms, m.hop_count >= 30 as has_history
from middle m join spread s on s.kind = m.kind and s.measure = m.measure and s.from_server is not distinct from m.from_server
    and s.to_server is not distinct from m.to_server
