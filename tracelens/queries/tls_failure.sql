-- TLS handshakes that failed, by peer, connector and error.
select remote_ip, max(helo_name) as helo_name, server, service, direction, coalesce(connector_id, '') as connector, tls_error, count(*) as session_count,
    min(opened_at) as first_at, max(opened_at) as last_at
from session
where tls_error is not null and not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by remote_ip, server, service, direction, connector_id, tls_error order by session_count desc, remote_ip, server, connector, tls_error limit 500
