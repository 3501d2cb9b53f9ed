-- Campaigns: findings about logons, relaying and behaviour that one address or account gave rise to.
with part as (
    select *, coalesce(remote_ip, if(contains(split_part(subject, ' ', 1), '@'), split_part(subject, ' ', 1), subject)) as actor, list_position(['info', 'low', 'medium', 'high', 'critical'], severity) as weight
    from finding
    where (class in ('auth', 'relay') or (class = 'behaviour' and subject_kind in ('client', 'account', 'sender', 'session')) or rule_id = 'topo-internal-port-foreign')
        and severity <> 'info' and coalesce(last_at >= $since, true) and coalesce(first_at < $until, true)
)
select actor, list_extract(['info', 'low', 'medium', 'high', 'critical'], max(weight)) as severity, count(*) as finding_count, cast(sum(hit_count) as bigint) as hit_count,
    max(struct_pack(weight := weight, hits := hit_count, finding_key := finding_key, title := title)).title as title, list_sort(list(distinct server) filter (server is not null)) as servers,
    max(remote_ip) as remote_ip, list(finding_key order by finding_key) as finding_keys, min(first_at) as first_at, max(last_at) as last_at
from part where actor is not null
group by actor order by max(weight) desc, hit_count desc, actor
limit $limit
