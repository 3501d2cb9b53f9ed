-- Each session that had mail taken, with what the connectors of this connection would do: refuse, another connector, or why it cannot be said.
with outside as (
    select session_key, count(*) filter (is_outside) as outside_count from envelope_recipient where is_taken group by session_key
),
sized as (
    select session_key, max(message_bytes) as largest_bytes, count(*) filter (is_accepted) as taken_count, list_sort(list(distinct nullif(mail_from, ''))) as senders
    from transaction where direction = 'receive' and not is_noise group by session_key having count(*) filter (is_accepted) > 0
),
tried as (
    select s.session_key, s.server, s.service, s.remote_ip, s.helo_name, s.opened_at, s.tls_version, s.auth_user, s.server_auth, s.anonymous,
        z.senders, z.taken_count as message_count, z.largest_bytes, coalesce(o.outside_count, 0) as outside_count,
        s.connector_id as connector_before, case when $is_edited and c.state <> 'no configuration' then c.expected_connector else s.connector_id end as connector_after,
        c.state, c.reason as choice_reason, k.connector_key is not null as is_described, coalesce(k.permission_groups, []) as permission_groups,
        coalesce(k.auth_mechanism, []) as auth_mechanism, k.require_tls, k.max_message_bytes, k.any_recipient, k.any_recipient_basis,
        list_position(['1.0', '1.1', '1.2', '1.3'], replace(s.tls_version, 'TLS', '')) - 1 as tls_number
    from session s
    join sized z on z.session_key = s.session_key
    join connector_choice c on c.session_key = s.session_key
    left join outside o on o.session_key = s.session_key
    left join connector k on k.connector_key = c.expected_connector and $is_edited and c.state <> 'no configuration'
    where s.direction = 'receive' and not s.is_noise and s.service <> 'delivery'
),
judged as (
    select *, case
        when $is_edited and state = 'no connector matches' then 'no connector has this port and a range that holds the client'
        when tls_version is not null and coalesce(tls_number, 0) < $min_tls then 'spoke ' || tls_version || '; a client that falls back to no TLS may still get through'
        when auth_user is null and not server_auth and (list_contains($require_auth, lower(connector_after)) or list_contains($require_auth, lower(regexp_extract(connector_after, '[^\\]*$'))))
            then 'sent without a logon (530 5.7.57)'
        when is_described and coalesce(require_tls, false) and tls_version is null then 'used no TLS, which the connector asks for (530 5.7.0)'
        when is_described and len(permission_groups) > 0 and not list_contains(auth_mechanism, 'ExternalAuthoritative') then case
            when server_auth and not list_contains(permission_groups, 'ExchangeServers') and not list_contains(permission_groups, 'Custom') then 'a server of ours could not log on: no ExchangeServers'
            when auth_user is not null and not list_contains(permission_groups, 'ExchangeUsers') and not list_contains(permission_groups, 'Custom') then 'users may not send here: no ExchangeUsers'
            when anonymous and not list_contains(permission_groups, 'AnonymousUsers') and not list_contains(permission_groups, 'Custom') then 'sent without a logon: no AnonymousUsers (530 5.7.57)'
            when anonymous and outside_count > 0 and not coalesce(any_recipient, list_contains(permission_groups, 'Custom')) then 'recipients outside: no right to any recipient (550 5.7.54)'
            end end as refusal,
        case when $is_edited and state = 'no configuration' then choice_reason end as not_replayed
    from tried
),
limited as (
    select *, coalesce(refusal, case when is_described and max_message_bytes < largest_bytes then 'larger than the connector allows (552 5.3.4)' end) as refused_for,
        case when refusal is null then not_replayed end as left_out from judged
)
select session_key, server, remote_ip, helo_name, senders, message_count, opened_at, connector_before, connector_after,
    case when left_out is not null then null when refused_for is not null then 'refused'
        when lower(regexp_extract(connector_before, '[^\\]*$')) <> lower(regexp_extract(connector_after, '[^\\]*$')) then 'other connector' end as outcome,
    case when left_out is not null then null when refused_for is not null then refused_for else 'the smallest range that holds the client is there' end as reason, left_out
from limited
