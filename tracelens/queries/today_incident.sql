-- Incidents of the time from `since` to `until`, the worst first.
select incident_key, severity, kind, class, title, story, server, first_at, last_at, finding_count
from incident where coalesce(last_at >= $since, true) and coalesce(first_at < $until, true)
order by list_position(['info', 'low', 'medium', 'high', 'critical'], severity) desc, last_at desc, incident_key
limit $limit
