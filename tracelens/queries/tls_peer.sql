-- Peers that moved mail or signed in with a TLS version; `old`: before 1.2, `none`: without TLS, empty: either of them.
with used as (
    select remote_ip, direction, coalesce(connector_id, '') as connector, server, coalesce(tls_version, 'none') as tls, tls_cipher, helo_name, accepted_count, auth_user, opened_at
    from session
    where not is_noise and (accepted_count > 0 or auth_user is not null) and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
        and not starts_with(coalesce(remote_ip, ''), '127.') and coalesce(remote_ip, '') <> '::1'
),
asked as (
    select * from used where ($tls = '' and tls not in ('TLS1.2', 'TLS1.3')) or ($tls = 'old' and tls not in ('TLS1.2', 'TLS1.3', 'none')) or tls = $tls
)
select remote_ip, max(helo_name) as helo_name, direction, server, connector, tls, array_to_string(list_sort(list(distinct tls_cipher)), ', ') as ciphers,
    count(*) as session_count, cast(sum(accepted_count) as bigint) as accepted_count, count(distinct auth_user) as user_count, min(opened_at) as first_at, max(opened_at) as last_at,
    (select count(distinct remote_ip) from asked) as peer_total, count(*) over () as row_total
from asked
group by remote_ip, direction, server, connector, tls
order by session_count desc, remote_ip, direction, server, connector, tls
limit $limit
