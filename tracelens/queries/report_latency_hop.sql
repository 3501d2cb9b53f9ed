-- Time taken by each kind of hand-over between two places, and the wait before it: clocks corrected, nothing within their error.
with taken as (
    select h.kind, coalesce(h.from_server, '(outside)') as from_place, coalesce(h.to_server, '(outside)') as to_place, h.bound_ms,
        h.corrected_ms, case when h.wait_bound_ms is not null then h.wait_ms end as wait_ms
    from hop h join message m on m.message_key = h.message_key
    where not m.is_noise and h.outcome <> 'refused' and h.kind not in ('expand', 'fork', 'dsn') and coalesce(h.started_at, h.ended_at) >= $since and coalesce(h.started_at, h.ended_at) < $until
        and ($server = '' or h.from_server = $server or h.to_server = $server)
),
summed as (
    select kind, from_place, to_place, count(*) as hops, quantile_disc(corrected_ms, 0.5) as median_ms, quantile_disc(corrected_ms, 0.95) as p95_ms,
        max(corrected_ms) as max_ms, max(bound_ms) as clock_error_ms, quantile_disc(wait_ms, 0.95) as p95_wait_ms, max(wait_ms) as max_wait_ms
    from taken group by kind, from_place, to_place
)
select kind, from_place, to_place, hops, case when median_ms >= clock_error_ms then median_ms end as median_ms, case when p95_ms >= clock_error_ms then p95_ms end as p95_ms,
    case when max_ms >= clock_error_ms then max_ms end as max_ms, clock_error_ms, p95_wait_ms, max_wait_ms
from summed order by p95_ms desc nulls last, kind, from_place, to_place
