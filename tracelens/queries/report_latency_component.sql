-- Where servers say the time went: each kind of work beneath a server's total, and each agent by name.
with told as (
    select c.server, c.service, c.kind, case when c.kind = 'agent' then c.agent else '(all)' end as part, c.duration_ms, c.message_key
    from latency_component c join message m on m.message_key = c.message_key
    where c.kind not in ('total', 'unparsed') and not starts_with(c.component, 'X-') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or c.server = $server) and (c.kind = 'agent' or c.parent_position % 1000 = 1)
)
select server, coalesce(service, '') as service, kind, part, count(distinct message_key) as messages, quantile_disc(duration_ms, 0.5) as median_ms,
    quantile_disc(duration_ms, 0.95) as p95_ms, max(duration_ms) as max_ms
from told group by server, coalesce(service, ''), kind, part order by p95_ms desc, server, service, kind, part limit 40
