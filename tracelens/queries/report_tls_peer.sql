-- Peers that moved mail or signed in without TLS or with a version before 1.2.
select remote_ip as peer, direction, max(helo_name) as helo_name, connector_id as connector, coalesce(tls_version, 'none') as tls,
    count(*) as sessions, cast(sum(accepted_count) as bigint) as recipients, count(distinct auth_user) as users, min(opened_at) as first_at, max(opened_at) as last_at,
    flatten(list(evidence[1:1] order by opened_at desc, session_key))[1:2] as evidence
from session
where not is_noise and (accepted_count > 0 or auth_user is not null) and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
    and not starts_with(coalesce(remote_ip, ''), '127.') and coalesce(tls_version, 'none') not in ('TLS1.2', 'TLS1.3')
group by all order by sessions desc, peer, direction, connector, tls
