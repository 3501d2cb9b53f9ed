-- The findings of one incident, the most telling first.
select i.position, f.finding_key, f.severity, f.class, f.title, f.summary, f.server, f.connector_id, f.remote_ip, f.account, f.message_key, f.hit_count,
    f.first_at, f.last_at, f.evidence, f.advice, f.rule_id
from incident_finding i join finding f on f.finding_key = i.finding_key
where i.incident_key = $incident
order by i.position
