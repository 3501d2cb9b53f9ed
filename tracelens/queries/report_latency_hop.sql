-- Time taken by each kind of hand-over between two places, and the wait before it.
select h.kind, coalesce(h.from_server, '(outside)') as from_place, coalesce(h.to_server, '(outside)') as to_place, count(*) as hops,
    quantile_disc(h.transit_ms, 0.5) as median_ms, quantile_disc(h.transit_ms, 0.95) as p95_ms, max(h.transit_ms) as max_ms,
    quantile_disc(h.wait_ms, 0.95) as p95_wait_ms, max(h.wait_ms) as max_wait_ms
from hop h join message m on m.message_key = h.message_key
where not m.is_noise and h.outcome <> 'refused' and h.kind not in ('expand', 'fork', 'dsn') and coalesce(h.started_at, h.ended_at) >= $since and coalesce(h.started_at, h.ended_at) < $until
    and ($server = '' or h.from_server = $server or h.to_server = $server)
group by all order by p95_ms desc nulls last, h.kind, from_place, to_place
