-- Peers that moved mail or signed in, by TLS version.
select coalesce(tls_version, 'none') as tls, count(distinct remote_ip) as peer_count
from session
where not is_noise and (accepted_count > 0 or auth_user is not null) and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
    and not starts_with(coalesce(remote_ip, ''), '127.') and coalesce(remote_ip, '') <> '::1'
group by all order by tls
