-- Hand-overs between places that must not talk: what the topology rules found, with the connector.
select f.finding_key, f.severity, f.title, f.summary, f.subject, coalesce(f.remote_ip, f.server, '') as source,
    coalesce(f.connector_id, '') as connector_id, f.server, f.remote_ip, f.hit_count, f.first_at, f.last_at, f.advice, f.rule_id, f.class, f.message_key
from finding f
where starts_with(f.rule_id, 'topo-') and (f.last_at is null or f.last_at >= $since) and (f.first_at is null or f.first_at < $until) and ($server = '' or f.server = $server)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], f.severity) desc, f.hit_count desc, f.finding_key limit 100
