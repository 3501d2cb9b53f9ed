-- Findings of the given keys, the worst first.
select finding_key, rule_id, class, severity, title, summary, subject_kind, subject, server, connector_id, remote_ip, message_key, hit_count, first_at, last_at,
    evidence, advice
from finding where list_contains($findings, finding_key)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc, finding_key
