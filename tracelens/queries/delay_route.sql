-- The slowest routes between two servers.
select from_server, to_server, kind, measure, hop_count, median_ms, p95_ms, usual_ms, has_history from route_delay
where $server = '' or from_server = $server or to_server = $server order by p95_ms desc nulls last, from_server, to_server, kind limit 300
