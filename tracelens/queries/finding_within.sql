-- Findings of the time from `since` to `until` from a severity up, the worst first: of a class and a server when they are named. What has no time,
-- as a configuration, or no server of its own, is of all.
select finding_key, severity, class, title, summary, server, connector_id, remote_ip, message_key, hit_count, first_at, last_at, advice, rule_id
from finding
where coalesce(last_at >= $since, true) and coalesce(first_at < $until, true) and ($kind = '' or class = $kind)
    and ($server = '' or coalesce(server, $server) = $server)
    and list_position(['info', 'low', 'medium', 'high', 'critical'], severity) >= list_position(['info', 'low', 'medium', 'high', 'critical'], $severity)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc, hit_count desc, last_at desc, finding_key
limit $limit
