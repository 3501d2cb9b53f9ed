-- Incidents from a severity up, the worst and most telling first.
select incident_key, severity, kind, class, title, story, server, connector_id, remote_ip, account, first_at, last_at, finding_count, message_count
from incident
where list_position(['info', 'low', 'medium', 'high', 'critical'], severity) >= list_position(['info', 'low', 'medium', 'high', 'critical'], $severity)
    and ($kind = '' or class = $kind)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc,
    list_position(['compromise', 'outage', 'misconfiguration', 'probe', 'inventory'], kind), message_count desc, last_at desc, incident_key
limit $limit
