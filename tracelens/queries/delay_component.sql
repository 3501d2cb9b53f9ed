-- Time by server and component, as the servers themselves account for it.
select server, component, kind, agent, count(*) as message_count, quantile_disc(duration_ms, [0.5, 0.95])[1] as median_ms, quantile_disc(duration_ms, [0.5, 0.95])[2] as p95_ms,
    max(duration_ms) as max_ms, cast(sum(duration_ms) as bigint) as sum_ms
from latency_component where duration_ms is not null and (written_at is null or written_at >= $since and written_at < $until) and ($server = '' or server = $server)
group by all order by sum_ms desc, server, component, kind, agent limit 300
