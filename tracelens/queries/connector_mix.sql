-- How the conversations of one connector were secured: TLS version, cipher, logon.
select coalesce(tls_version, 'none') as tls, coalesce(tls_cipher, '') as cipher,
    case when auth_user is not null then coalesce(auth_mechanism, 'signed in') when server_auth then 'server' when auth_failure_count > 0 then 'failed logon' else 'anonymous' end as logon,
    count(*) as session_count, count(distinct remote_ip) as peer_count, cast(sum(accepted_count) as bigint) as accepted_count, max(opened_at) as last_at
from session
where not is_noise and opened_at >= $since and opened_at < $until and direction = $direction and server = $server and coalesce(connector_id, '') = $connector
group by all order by session_count desc, tls, cipher, logon limit 200
