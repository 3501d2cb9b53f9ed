-- Inbound conversations by connector and logon; those of Exchange servers among themselves are left out.
select server, service, connector_id as connector, coalesce(auth_mechanism, '') as mechanism,
    case when auth_user is not null then 'signed in' when auth_failure_count > 0 then 'failed' else 'anonymous' end as logon,
    count(*) as sessions, count(distinct remote_ip) as clients, count(distinct auth_user) as users, cast(sum(auth_failure_count) as bigint) as failures, max(opened_at) as last_at
from session
where direction = 'receive' and not server_auth and not is_noise and service <> 'delivery' and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by all order by server, service, connector, mechanism, logon
