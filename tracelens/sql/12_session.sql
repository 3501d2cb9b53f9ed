-- One SMTP conversation on one server, from connect to disconnect.
-- grain: session_key
-- kind: table
-- basis: observed
with quiet as (
    select session_number, max(date_diff('microsecond', before_at, date_time)) as silence
    from (select session_number, date_time, lag(date_time) over (partition by session_number order by step_number) as before_at from step)
    group by session_number
),
facts as (
    select session_number, max(session_key) as session_key, max(server) as server, max(service) as service, max(direction) as direction, max(session_id) as session_id,
        max(local_ip) as local_ip, max(local_port) as local_port, max(remote_ip) as remote_ip, max(remote_port) as remote_port,
        min(date_time) as opened_at, max(date_time) as closed_at, count(*) as event_count,
        bool_or(event = '+') and bool_or(event = '-') as is_complete,
        min({step: step_number, file_id: file_id, line_number: line_number}) as first_row,
        max({step: step_number, file_id: file_id, line_number: line_number}) as last_row
    from step group by session_number
),
named as (
    -- the name most rows give; a masked copy may name the connector differently from row to row
    select session_number, min({rank: -row_count, name: connector_id}).name as connector_id
    from (select session_number, connector_id, count(*) as row_count from step where connector_id is not null group by session_number, connector_id)
    group by session_number
),
commanded as (
    select session_number,
        max(case when upper(left(data, 5)) in ('EHLO ', 'HELO ') then {step: step_number, text: trim(substr(data, 5))} end).text as helo_name,
        max(case when upper(left(data, 5)) = 'AUTH ' or upper(left(data, 7)) = 'X-EXPS ' then regexp_extract(data, '^(?:AUTH|X-EXPS) +([A-Za-z0-9-]+)', 1) end) as auth_mechanism,
        max(case when upper(left(data, 6)) = 'XPROXY' then regexp_extract(data, ' SID=([0-9A-Za-z]+)', 1) end) as sid_proxy,
        max(case when upper(left(data, 6)) = 'XPROXY' then regexp_extract(data, ' IP=([^ ]+)', 1) end) as proxied_ip,
        bool_or(upper(left(data, 6)) in ('X-EXPS', 'XPROXY', 'X-ANON')) as has_server_verb,
        count(case when is_mail then 1 end) as message_count,
        bool_or(upper(left(data, 4)) not in ('EHLO', 'HELO', 'NOOP', 'HELP', 'QUIT')) as has_work,
        bool_or(case when is_mail or is_rcpt then regexp_matches(lower(data), '<(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe\.com') else false end) as is_probe,
        bool_or(case when is_rcpt then not regexp_matches(lower(data), '<(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe\.com') else false end) as has_real_rcpt
    from step where is_command group by session_number
),
replied as (
    select session_number, max({step: step_number, text: data}).text as last_reply,
        max(case when starts_with(data, '220 ') and contains(data, 'SMTP') then data end) as banner,
        count(distinct case when direction = 'receive' and starts_with(data, '535 ') then sequence_number end) as failed_replies,
        bool_or(starts_with(data, '250 ') and contains(lower(data), 'xproxyfrom accepted')) as proxy_accepted
    from step where is_reply group by session_number
),
noted as (
    select session_number,
        max(case when starts_with(context, 'TLS protocol') then regexp_extract(context, 'SP_PROT_(.+?)_(SERVER|CLIENT) negotiation succeeded', 1) end) as tls_raw,
        max(case when starts_with(context, 'TLS protocol') then regexp_extract(context, 'bulk encryption algorithm ([A-Za-z0-9_]+) with strength ([0-9]+)', 1) end) as tls_cipher,
        max(case when context = 'authenticated' then data end) as user_row,
        max(case when starts_with(context, 'Proxy session was successfully set up') then regexp_extract(context, 'Session for ?(.+?) will now be proxied', 1) end) as user_proxied,
        count(distinct case when starts_with(context, 'Inbound AUTH ') and contains(context, ' failed') then sequence_number end) as failed_rows,
        max(case when event = '-' then {step: step_number, text: context} end).text as close_reason,
        max(case when context = 'Set Session Permissions' then {step: step_number, text: data} end).text as permissions,
        max(case when starts_with(context, 'Proxying inbound session') then coalesce(regexp_extract(context, '^Proxying inbound session with session id ([0-9A-Za-z]+)', 1), '') end) as sid_text,
        max(case when starts_with(context, 'Failed to connect') then context end) as connect_error,
        max(case when starts_with(context, 'TLS negotiation failed') then context end) as tls_error,
        max(case when starts_with(context, 'Client certificate chain') then context end) as client_certificate
    from step where event in ('*', '-') group by session_number
),
envelope as (
    select session_key, count(*) filter (starts_with(reply, '2')) as accepted_count,
        count(*) filter (regexp_matches(reply, '^[45]')) as refused_count
    from exchange where is_rcpt group by session_key
)
select f.session_key, f.server, f.service, f.direction, f.session_id, m.connector_id, f.local_ip, f.local_port, f.remote_ip,
    f.remote_port, f.opened_at, f.closed_at, f.event_count, c.helo_name,
    nullif(replace(n.tls_raw, '_', '.'), '') as tls_version, nullif(n.tls_cipher, '') as tls_cipher,
    nullif(upper(c.auth_mechanism), '') as auth_mechanism, coalesce(n.user_row, nullif(n.user_proxied, '')) as auth_user,
    greatest(coalesce(n.failed_rows, 0), coalesce(p.failed_replies, 0)) as auth_failure_count,
    coalesce(e.accepted_count, 0) as accepted_count, coalesce(e.refused_count, 0) as refused_count,
    p.last_reply, n.close_reason, coalesce(cast(floor(q.silence / 1000) as bigint), 0) as longest_silence_ms, f.is_complete,
    coalesce(c.is_probe and not c.has_real_rcpt, false) or (f.direction = 'receive' and f.is_complete and not coalesce(c.has_work, false)
            and (regexp_matches(coalesce(f.remote_ip, ''), '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe80)') or coalesce(a.role in ('loadbalancer', 'monitor'), false)))
        or f.direction = 'receive' and coalesce(a.role = 'scanner', false) and coalesce(e.accepted_count, 0) = 0 as is_noise,
    case when coalesce(c.is_probe and not c.has_real_rcpt, false) then 'managed-availability'
        when f.direction = 'receive' and a.role = 'scanner' and coalesce(e.accepted_count, 0) = 0 then 'scanner-approved'
        when f.direction = 'receive' and f.is_complete and not coalesce(c.has_work, false) and a.role = 'monitor' then 'monitoring-system'
        when f.direction = 'receive' and f.is_complete and not coalesce(c.has_work, false)
            and (regexp_matches(coalesce(f.remote_ip, ''), '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe80)') or coalesce(a.role = 'loadbalancer', false)) then 'loadbalancer-probe' end as noise_filter,
    f.direction = 'receive' and coalesce(n.user_row, nullif(n.user_proxied, '')) is null and not (coalesce(c.has_server_verb, false) or coalesce(p.proxy_accepted, false)) as anonymous,
    (coalesce(c.has_server_verb, false) or coalesce(p.proxy_accepted, false)) as server_auth, n.permissions, p.banner,
    nullif(coalesce(nullif(n.sid_text, ''), c.sid_proxy), '') as proxied_session_id, nullif(c.proxied_ip, '') as proxied_ip,
    coalesce(p.proxy_accepted, false) as proxy_accepted, n.connect_error, n.tls_error, coalesce(c.message_count, 0) as message_count, n.client_certificate,
    list_distinct([struct_pack(file_id := f.first_row.file_id, line_number := f.first_row.line_number),
        struct_pack(file_id := f.last_row.file_id, line_number := f.last_row.line_number)]) as evidence
from facts f
left join quiet q on q.session_number = f.session_number
left join envelope e on e.session_key = f.session_key
left join named m on m.session_number = f.session_number
left join commanded c on c.session_number = f.session_number
left join replied p on p.session_number = f.session_number
left join noted n on n.session_number = f.session_number
left join assigned_role a on a.address = f.remote_ip
