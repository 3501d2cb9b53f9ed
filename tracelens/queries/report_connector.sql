-- Connectors: who used them, how much, how safely, and when last.
with talk as (
    select server, service, direction, coalesce(connector_id, '') as connector, count(*) as sessions, count(distinct remote_ip) as peers,
        count(tls_version) / count(*) as tls_share, count(auth_user) / count(*) as signed_in_share, min(opened_at) as first_at, max(opened_at) as last_at,
        flatten(list(evidence[1:1] order by opened_at desc, session_key))[1:1] as evidence
    from session where not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
    group by all
),
moved as (
    select server, service, direction, coalesce(connector_id, '') as connector, count(*) filter (is_accepted) as messages, count(*) filter (not is_accepted) as not_taken,
        cast(coalesce(sum(len(accepted_recipients)) filter (is_accepted), 0) as bigint) as recipients, cast(quantile_disc(message_bytes, 0.5) filter (is_accepted) as bigint) as median_bytes
    from transaction where not is_noise and started_at >= $since and started_at < $until and ($server = '' or server = $server)
    group by all
)
select t.server, t.service, t.direction, t.connector, t.sessions, t.peers, coalesce(m.messages, 0) as messages, coalesce(m.recipients, 0) as recipients,
    coalesce(m.not_taken, 0) as not_taken, m.median_bytes, t.tls_share, t.signed_in_share, t.first_at, t.last_at, t.evidence
from talk t left join moved m on m.server = t.server and m.service = t.service and m.direction = t.direction and m.connector = t.connector
order by t.direction, messages desc, t.sessions desc, t.server, t.service, t.connector
