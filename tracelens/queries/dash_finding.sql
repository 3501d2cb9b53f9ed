-- Findings of the given class (all when empty), the worst first.
select finding_key, severity, class, title, summary, server, connector_id, remote_ip, message_key, hit_count, first_at, last_at, advice, rule_id
from finding where $class = '' or class = $class
order by case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end,
    hit_count desc, last_at desc, finding_key
limit $limit
