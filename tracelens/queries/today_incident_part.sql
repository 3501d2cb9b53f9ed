-- The findings of one incident, the worst first.
select f.finding_key, f.severity, f.class, f.title, f.summary, f.server, f.connector_id, f.remote_ip, f.message_key, f.hit_count, f.first_at, f.last_at, f.advice, f.rule_id
from incident_finding i join finding f on f.finding_key = i.finding_key
where i.incident_key = $incident
order by list_position(['info', 'low', 'medium', 'high', 'critical'], f.severity) desc, f.first_at, f.finding_key
limit $limit
