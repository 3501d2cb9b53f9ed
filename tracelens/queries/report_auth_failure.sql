-- Where failed logons come from, and whether one from there succeeded.
select remote_ip as client, cast(sum(auth_failure_count) as bigint) as failures, count(*) filter (auth_failure_count > 0) as sessions,
    list_sort(list(distinct auth_user) filter (auth_user is not null))[1:5] as signed_in_users, list_sort(list(distinct connector_id)) as connectors,
    min(opened_at) filter (auth_failure_count > 0) as first_at, max(opened_at) filter (auth_failure_count > 0) as last_at,
    flatten(list(evidence order by opened_at desc, session_key) filter (auth_failure_count > 0))[1:2] as evidence
from session
where direction = 'receive' and not server_auth and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by remote_ip having sum(auth_failure_count) > 0 order by failures desc, client
