-- Findings of the given class and rule (all when empty), from a severity up, the worst first.
select finding_key, severity, class, title, summary, server, connector_id, remote_ip, message_key, hit_count, first_at, last_at, advice, rule_id
from finding
where ($kind = '' or class = $kind) and ($rule = '' or rule_id = $rule)
    and list_position(['info', 'low', 'medium', 'high', 'critical'], severity) >= list_position(['info', 'low', 'medium', 'high', 'critical'], $severity)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc, hit_count desc, last_at desc, finding_key
limit $limit
