-- Conversations by direction, server, connector, TLS version and cipher; `used`: those that moved mail or signed in.
with peer as (
    -- counted per peer first: far fewer rows to tell apart
    select direction, server, service, connector_id, tls_version, tls_cipher, remote_ip,
        count(*) as session_count, count(*) filter (accepted_count > 0 or auth_user is not null) as used_count, max(opened_at) as last_at
    from session
    where not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
    group by all
)
select direction, server, service, coalesce(connector_id, '') as connector, coalesce(tls_version, 'none') as tls, coalesce(tls_cipher, '') as cipher,
    cast(sum(session_count) as bigint) as session_count, cast(sum(used_count) as bigint) as used_count, count(distinct remote_ip) as peer_count, max(last_at) as last_at
from peer
group by all order by direction, session_count desc, server, service, connector, tls, cipher
limit 2000
