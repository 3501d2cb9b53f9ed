-- Time taken by each kind of hand-over between two places, and the wait before it, the slowest first: clocks corrected, nothing within their error.
with handed as (
    select h.kind, coalesce(h.from_server, '(outside)') as from_place, coalesce(h.to_server, '(outside)') as to_place, coalesce(h.send_connector, h.receive_connector, '') as connector,
        case when h.corrected_ms >= h.bound_ms then h.corrected_ms end as transit_ms, case when h.wait_ms >= h.wait_bound_ms then h.wait_ms end as wait_ms
    from hop h
    where h.outcome <> 'refused' and h.kind in ('receive', 'proxy', 'transfer', 'submit', 'deliver', 'external')
        and h.started_at >= $since and h.started_at < $until and ($server = '' or h.from_server = $server or h.to_server = $server)
)
select kind, from_place, to_place, connector, count(*) as hop_count, quantile_disc(transit_ms, [0.5, 0.95])[1] as median_ms, quantile_disc(transit_ms, [0.5, 0.95])[2] as p95_ms, max(transit_ms) as max_ms,
    quantile_disc(wait_ms, 0.95) as p95_wait_ms, max(wait_ms) as max_wait_ms
from handed group by all order by greatest(coalesce(p95_ms, 0), coalesce(p95_wait_ms, 0)) desc, kind, from_place, to_place, connector limit 300
