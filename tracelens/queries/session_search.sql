-- SMTP conversations that match all given filters, one page of them, with how many match; an empty filter lets all pass.
with hit as (
    select session_key, opened_at, closed_at, event_count, longest_silence_ms
    from session
    where ($noise or not is_noise)
        and ($since is null or opened_at >= $since) and ($until is null or opened_at < $until)
        and ($text = '' or session_id = upper($text) or session_key = $text or contains(lower(helo_name), lower($text)) or starts_with(remote_ip, $text)
            or contains(lower(connector_id), lower($text)) or contains(lower(auth_user), lower($text)) or contains(lower(last_reply), lower($text)))
        and ($server = '' or server = $server) and ($service = '' or service = $service) and ($direction = '' or direction = $direction)
        and ($connector = '' or connector_id = $connector) and ($address = '' or starts_with(remote_ip, $address) or starts_with(local_ip, $address))
        and ($helo = '' or contains(lower(helo_name), lower($helo))) and ($account = '' or contains(lower(auth_user), lower($account))
            or session_key in (select session_key from logon where $account <> '' and contains(lower(user_name), lower($account))))
        and ($tls = '' or coalesce(tls_version, 'none') = $tls or ($tls = 'old' and tls_version not in ('TLS1.2', 'TLS1.3')))
        and ($logon = '' or ($logon = 'signed in' and auth_user is not null and not server_auth) or ($logon = 'failed' and auth_failure_count > 0)
            or ($logon = 'server' and server_auth) or ($logon = 'none' and auth_user is null and auth_failure_count = 0 and not server_auth))
        and ($outcome = '' or ($outcome = 'mail accepted' and accepted_count > 0) or ($outcome = 'recipients refused' and refused_count > 0)
            or ($outcome = 'could not connect' and connect_error is not null) or ($outcome = 'TLS failed' and tls_error is not null)
            or ($outcome = 'cut off' and not is_complete) or ($outcome = 'nothing sent' and accepted_count = 0 and refused_count = 0 and connect_error is null))
        and ($signature = '' or session_key in (select r.session_key from reply r left join reply_class c on c.text = r.text
            where $signature <> '' and coalesce(c.signature_id, 'unknown') = $signature))
        and ($silence_ms = 0 or longest_silence_ms >= $silence_ms)
),
shown as (
    select session_key, row_number() over () as position from (
        select session_key from hit
        order by case when $sort = 'oldest' then opened_at end nulls last, case when $sort = 'longest' then closed_at - opened_at end desc nulls last,
            case when $sort = 'longest silence' then longest_silence_ms end desc nulls last, case when $sort = 'most rows' then event_count end desc nulls last,
            opened_at desc nulls last, session_key
        limit $limit offset $offset
    )
)
select s.session_key, s.opened_at, s.server, s.service, s.direction, s.connector_id, s.remote_ip, s.remote_port, s.local_port, s.helo_name, s.tls_version,
    case when s.server_auth then 'a server' else s.auth_user end as logon, s.auth_failure_count,
    s.accepted_count, s.refused_count, s.message_count, s.event_count, date_diff('millisecond', s.opened_at, s.closed_at) as open_ms, s.longest_silence_ms,
    coalesce(s.connect_error, s.tls_error, s.last_reply) as last_reply, s.session_id, (select count(*) from hit) as found_count
from shown p join session s on s.session_key = p.session_key
order by p.position
