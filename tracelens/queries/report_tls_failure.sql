-- TLS handshakes that failed.
select remote_ip as peer, server, service, direction, connector_id as connector, tls_error as error, count(*) as sessions, min(opened_at) as first_at, max(opened_at) as last_at,
    flatten(list(evidence order by opened_at desc, session_key))[1:2] as evidence
from session
where tls_error is not null and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by all order by sessions desc, peer, server, connector, error
