-- One SMTP conversation on one server, from connect to disconnect.
-- grain: session_key
-- kind: table
-- basis: observed
with quiet as (
    select session_key, max(date_diff('microsecond', before_at, date_time)) as silence
    from (select session_key, date_time, lag(date_time) over (partition by session_key order by step_number) as before_at from step)
    group by session_key
),
facts as (
    select session_key, max(server) as server, max(service) as service, max(direction) as direction, max(session_id) as session_id,
        mode(connector_id order by connector_id) as connector_id, max(local_ip) as local_ip, max(local_port) as local_port,
        max(remote_ip) as remote_ip, max(remote_port) as remote_port,
        min(date_time) as opened_at, max(date_time) as closed_at, count(*) as event_count,
        max({step: step_number, text: trim(substr(data, 5))}) filter (is_command and (upper(left(data, 5)) in ('EHLO ', 'HELO '))).text as helo_name,
        max(regexp_extract(context, 'SP_PROT_(.+?)_(SERVER|CLIENT) negotiation succeeded', 1)) filter (starts_with(context, 'TLS protocol')) as tls_raw,
        max(regexp_extract(context, 'bulk encryption algorithm ([A-Za-z0-9_]+) with strength ([0-9]+)', 1)) filter (starts_with(context, 'TLS protocol')) as tls_cipher,
        max(regexp_extract(data, '^(?:AUTH|X-EXPS) +([A-Za-z0-9-]+)', 1)) filter (is_command and (starts_with(upper(data), 'AUTH ') or starts_with(upper(data), 'X-EXPS '))) as auth_mechanism,
        max(data) filter (event = '*' and context = 'authenticated') as user_row,
        max(regexp_extract(context, 'Session for ?(.+?) will now be proxied', 1)) filter (event = '*' and starts_with(context, 'Proxy session was successfully set up')) as user_proxied,
        count(distinct sequence_number) filter (event = '*' and starts_with(context, 'Inbound AUTH ') and contains(context, ' failed')) as failed_rows,
        count(distinct sequence_number) filter (event = '>' and direction = 'receive' and starts_with(data, '535 ')) as failed_replies,
        max({step: step_number, text: data}) filter (is_reply).text as last_reply,
        max({step: step_number, text: context}) filter (event = '-').text as close_reason,
        bool_or(event = '+') and bool_or(event = '-') as is_complete,
        max({step: step_number, text: data}) filter (event = '*' and context = 'Set Session Permissions').text as permissions,
        max(data) filter (is_reply and starts_with(data, '220 ') and contains(data, 'SMTP')) as banner,
        max(coalesce(regexp_extract(context, '^Proxying inbound session with session id ([0-9A-Za-z]+)', 1), '')) filter (event = '*' and starts_with(context, 'Proxying inbound session')) as sid_text,
        max(regexp_extract(data, ' SID=([0-9A-Za-z]+)', 1)) filter (is_command and starts_with(upper(data), 'XPROXY')) as sid_proxy,
        max(regexp_extract(data, ' IP=([^ ]+)', 1)) filter (is_command and starts_with(upper(data), 'XPROXY')) as proxied_ip,
        max(context) filter (event = '*' and starts_with(context, 'Failed to connect')) as connect_error,
        max(context) filter (event = '*' and starts_with(context, 'TLS negotiation failed')) as tls_error,
        bool_or(is_command and (starts_with(upper(data), 'X-EXPS') or starts_with(upper(data), 'XPROXY') or starts_with(upper(data), 'X-ANONYMOUSTLS')))
            or bool_or(is_reply and contains(lower(data), 'xproxyfrom accepted')) as server_auth,
        bool_or(is_reply and contains(lower(data), 'xproxyfrom accepted')) as proxy_accepted,
        count(*) filter (is_mail) as message_count,
        bool_or(is_command and not regexp_matches(upper(data), '^(EHLO|HELO|NOOP|HELP|QUIT)')) as has_work,
        bool_or(is_command) as has_command,
        bool_or((is_mail or is_rcpt) and regexp_matches(lower(data), '<(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe\.com')) as is_probe,
        bool_or((is_mail or is_rcpt) and regexp_matches(lower(data), 'rcpt to:') and not regexp_matches(lower(data), '<(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe\.com')) as has_real_rcpt,
        max(context) filter (event = '*' and starts_with(context, 'Client certificate chain')) as client_certificate,
        min({step: step_number, file_id: file_id, line_number: line_number}) as first_row,
        max({step: step_number, file_id: file_id, line_number: line_number}) as last_row
    from step group by session_key
),
envelope as (
    select session_key, count(*) filter (starts_with(reply, '2')) as accepted_count,
        count(*) filter (regexp_matches(reply, '^[45]')) as refused_count
    from exchange where is_rcpt group by session_key
)
select f.session_key, f.server, f.service, f.direction, f.session_id, f.connector_id, f.local_ip, f.local_port, f.remote_ip,
    f.remote_port, f.opened_at, f.closed_at, f.event_count, f.helo_name,
    nullif(replace(f.tls_raw, '_', '.'), '') as tls_version, nullif(f.tls_cipher, '') as tls_cipher,
    nullif(upper(f.auth_mechanism), '') as auth_mechanism, coalesce(f.user_row, nullif(f.user_proxied, '')) as auth_user,
    greatest(f.failed_rows, f.failed_replies) as auth_failure_count,
    coalesce(e.accepted_count, 0) as accepted_count, coalesce(e.refused_count, 0) as refused_count,
    f.last_reply, f.close_reason, coalesce(cast(floor(q.silence / 1000) as bigint), 0) as longest_silence_ms, f.is_complete,
    coalesce(f.is_probe and not f.has_real_rcpt, false)
        or (f.direction = 'receive' and f.is_complete and not coalesce(f.has_work, false) and regexp_matches(coalesce(f.remote_ip, ''), '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe80)')) as is_noise,
    case when coalesce(f.is_probe and not f.has_real_rcpt, false) then 'managed-availability'
        when f.direction = 'receive' and f.is_complete and not coalesce(f.has_work, false) and regexp_matches(coalesce(f.remote_ip, ''), '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe80)') then 'loadbalancer-probe' end as noise_filter,
    f.direction = 'receive' and coalesce(f.user_row, nullif(f.user_proxied, '')) is null and not coalesce(f.server_auth, false) as anonymous,
    coalesce(f.server_auth, false) as server_auth, f.permissions, f.banner,
    nullif(coalesce(nullif(f.sid_text, ''), f.sid_proxy), '') as proxied_session_id, nullif(f.proxied_ip, '') as proxied_ip,
    coalesce(f.proxy_accepted, false) as proxy_accepted, f.connect_error, f.tls_error, f.message_count, f.client_certificate,
    list_distinct([struct_pack(file_id := f.first_row.file_id, line_number := f.first_row.line_number),
        struct_pack(file_id := f.last_row.file_id, line_number := f.last_row.line_number)]) as evidence
from facts f
left join quiet q on q.session_key = f.session_key
left join envelope e on e.session_key = f.session_key
