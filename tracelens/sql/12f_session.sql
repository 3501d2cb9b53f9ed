-- One SMTP conversation on one server, from connect to disconnect.
-- column peer_trust: what the server lets the other side do for its certificate, as logged
-- grain: session_key
-- kind: table
-- by: conversation
-- order: session_key
-- basis: observed
with mailed as (
    select session_number, count(case when is_mail then 1 end) as message_count,
        bool_or(regexp_matches(lower(address), '^(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe[.]com')) as is_probe,
        bool_or(case when is_rcpt then not regexp_matches(lower(address), '^(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe[.]com') else false end) as has_real_rcpt,
        count(case when is_rcpt and starts_with(reply, '2') then 1 end) as accepted_count,
        count(case when is_rcpt and left(reply, 1) in ('4', '5') then 1 end) as refused_count
    from exchange group by session_number
),
judged as (
    select f.session_number, case when m.is_probe and not m.has_real_rcpt then 'managed-availability'
        when k.direction <> 'receive' then null
        when a.role = 'scanner' and coalesce(m.accepted_count, 0) = 0 then 'scanner-approved'
        when not f.is_complete or m.session_number is not null or w.has_work then null
        when a.role = 'monitor' then 'monitoring-system'
        when a.role = 'loadbalancer' or regexp_matches(f.remote_ip, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe80)') then 'loadbalancer-probe' end as noise_filter,
        k.session_key, k.server, k.service, k.direction, k.session_id, f.connector_id, f.local_ip, f.local_port, f.remote_ip, f.remote_port, f.opened_at, f.closed_at, f.event_count,
        f.is_complete, f.first_row, f.last_row, coalesce(m.accepted_count, 0) as accepted_count, coalesce(m.refused_count, 0) as refused_count, coalesce(m.message_count, 0) as message_count,
        w.silence, w.helo_name, w.auth_mechanism, w.sid_proxy, w.proxied_ip, w.has_server_verb, w.last_reply, w.banner, w.failed_replies, w.proxy_accepted, w.user_row, w.user_proxied,
        w.failed_rows, w.close_reason, w.permissions, w.sid_text, w.connect_error, w.tls_error, w.client_certificate, w.peer_trust, w.tls_raw, w.tls_cipher
    from session_fact f join session_number k on k.session_number = f.session_number join conversation_word w on w.session_number = f.session_number
    left join mailed m on m.session_number = f.session_number
    left join assigned_role a on a.address = f.remote_ip
)
select session_key, server, service, direction, session_id, connector_id, local_ip, local_port, remote_ip, remote_port, opened_at, closed_at, event_count, helo_name,
    nullif(replace(tls_raw, '_', '.'), '') as tls_version, nullif(tls_cipher, '') as tls_cipher,
    nullif(upper(auth_mechanism), '') as auth_mechanism, coalesce(user_row, nullif(user_proxied, '')) as auth_user,
    greatest(coalesce(failed_rows, 0), coalesce(failed_replies, 0)) as auth_failure_count, accepted_count, refused_count,
    last_reply, close_reason, coalesce(cast(floor(silence / 1000) as bigint), 0) as longest_silence_ms, is_complete,
    noise_filter is not null as is_noise, noise_filter,
    direction = 'receive' and coalesce(user_row, nullif(user_proxied, '')) is null and not (has_server_verb or proxy_accepted) as anonymous,
    has_server_verb or proxy_accepted as server_auth, permissions, banner,
    nullif(coalesce(nullif(sid_text, ''), sid_proxy), '') as proxied_session_id, nullif(proxied_ip, '') as proxied_ip,
    proxy_accepted, connect_error, tls_error, message_count, client_certificate, peer_trust,
    list_sort(list_distinct([struct_pack(file_id := first_row.file_id, line_number := first_row.line_number),
        struct_pack(file_id := last_row.file_id, line_number := last_row.line_number)])) as evidence
from judged
