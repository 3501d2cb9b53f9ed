-- Findings seen in a window, the worst first.
select severity, title, summary, server, subject, hit_count as hits, first_at, last_at, advice, rule_id, finding_key, evidence[1:3] as evidence
from finding
where first_at < $until and last_at >= $since and ($server = '' or server is null or server = $server)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc, hit_count desc, last_at desc, finding_key
