-- Connectors in a window: conversations, peers, messages, TLS and logon shares, last use.
with talk as (
    select direction, coalesce(connector_id, '') as connector, server, service, max(case when direction = 'receive' then local_port end) as port,
        count(*) as session_count, count(distinct remote_ip) as peer_count, cast(floor(100.0 * count(tls_version) / count(*)) as bigint) as tls_percent,
        cast(floor(100.0 * count(auth_user) / count(*)) as bigint) as logon_percent, cast(sum(auth_failure_count) as bigint) as logon_failures,
        cast(sum(accepted_count) as bigint) as accepted_count, cast(sum(refused_count) as bigint) as refused_count, max(opened_at) as last_at
    from session where not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
    group by all
)
select *, concat(direction, '|', server, '|', service, '|', connector) as key from talk
order by direction, accepted_count desc, session_count desc, server, service, connector limit 500
