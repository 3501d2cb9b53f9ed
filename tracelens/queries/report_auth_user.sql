-- Who signed in: user, mechanism, addresses.
select auth_user as user, list_sort(list(distinct auth_mechanism) filter (auth_mechanism is not null)) as mechanisms, list_sort(list(distinct remote_ip))[1:5] as clients,
    count(distinct remote_ip) as client_count, count(*) as sessions, count(*) filter (tls_version is null) as sessions_without_tls, min(opened_at) as first_at, max(opened_at) as last_at,
    flatten(list(evidence[1:1] order by opened_at desc, session_key))[1:1] as evidence
from session
where direction = 'receive' and auth_user is not null and not server_auth and not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by auth_user order by sessions desc, user
