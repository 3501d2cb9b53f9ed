-- Conversations by server, connector and TLS version; `used`: those that moved mail or signed in.
select server, service, direction, connector_id as connector, coalesce(tls_version, 'none') as tls, count(*) as sessions,
    count(distinct remote_ip) as peers, count(*) filter (accepted_count > 0 or auth_user is not null) as used, max(opened_at) as last_at,
    flatten(list(evidence[1:1] order by opened_at desc, session_key))[1:1] as evidence
from session
where not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by server, service, direction, connector_id, coalesce(tls_version, 'none')
order by server, service, direction, connector, tls
