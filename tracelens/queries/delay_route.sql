-- The slowest routes between two servers.
select from_server, to_server, kind, hop_count, median_ms, p95_ms from route_delay
where $server = '' or from_server = $server or to_server = $server order by p95_ms desc nulls last, from_server, to_server, kind limit 300
