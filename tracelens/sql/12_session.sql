-- One SMTP conversation on one server, from connect to disconnect.
-- grain: session_key
-- kind: table
-- basis: observed
with placed as (
    select c.conversation_number * 10000 + coalesce(r.run, 0) as session_number, e.connector_id, e.local_ip, e.local_port, e.remote_ip, e.remote_port,
        e.date_time, e.event, coalesce(e.sequence_number, 0) * 10000000 + e.line_number % 10000000 as step_number, e.file_id, e.line_number
    from smtp_event e join conversation c on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    left join conversation_run r on r.file_id = e.file_id and r.line_number = e.line_number
),
part as (
    select session_number, connector_id, max(local_ip) as local_ip, max(local_port) as local_port, max(remote_ip) as remote_ip, max(remote_port) as remote_port,
        min(date_time) as opened_at, max(date_time) as closed_at, count(*) as event_count, bool_or(event = '+') as is_opened, bool_or(event = '-') as is_closed,
        min({step: step_number, file_id: file_id, line_number: line_number}) as first_row,
        max({step: step_number, file_id: file_id, line_number: line_number}) as last_row
    from placed group by session_number, connector_id
),
facts as (
    -- the connector that most rows name: a masked copy may name it differently from row to row
    select session_number, min(case when connector_id is not null then {rank: -event_count, name: connector_id} end).name as connector_id,
        max(local_ip) as local_ip, max(local_port) as local_port, max(remote_ip) as remote_ip, max(remote_port) as remote_port,
        min(opened_at) as opened_at, max(closed_at) as closed_at, cast(sum(event_count) as bigint) as event_count, bool_or(is_opened) and bool_or(is_closed) as is_complete,
        min(first_row) as first_row, max(last_row) as last_row
    from part group by session_number
),
quiet as (
    select session_number, max(date_diff('microsecond', before_at, date_time)) as silence from step group by session_number
),
commanded as (
    select session_number,
        max(case when upper(left(data, 5)) in ('EHLO ', 'HELO ') then {step: step_number, text: trim(substr(data, 5))} end).text as helo_name,
        max(case when upper(left(data, 5)) = 'AUTH ' or upper(left(data, 7)) = 'X-EXPS ' then regexp_extract(data, '^(?:AUTH|X-EXPS) +([A-Za-z0-9-]+)', 1) end) as auth_mechanism,
        max(case when upper(left(data, 6)) = 'XPROXY' then regexp_extract(data, ' SID=([0-9A-Za-z]+)', 1) end) as sid_proxy,
        max(case when upper(left(data, 6)) = 'XPROXY' then regexp_extract(data, ' IP=([^ ]+)', 1) end) as proxied_ip,
        bool_or(upper(left(data, 6)) in ('X-EXPS', 'XPROXY', 'X-ANON')) as has_server_verb,
        bool_or(upper(left(data, 4)) not in ('EHLO', 'HELO', 'NOOP', 'HELP', 'QUIT')) as has_work
    from step where is_command and not is_mail and not is_rcpt and not is_body group by session_number
),
mailed as (
    select session_number, count(case when is_mail then 1 end) as message_count,
        bool_or(regexp_matches(lower(address), '^(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe[.]com')) as is_probe,
        bool_or(case when is_rcpt then not regexp_matches(lower(address), '^(healthmailbox|extest_)|inboundproxy@|@maildeliveryprobe[.]com') else false end) as has_real_rcpt,
        count(case when is_rcpt and starts_with(reply, '2') then 1 end) as accepted_count,
        count(case when is_rcpt and left(reply, 1) in ('4', '5') then 1 end) as refused_count
    from exchange group by session_number
),
replied as (
    select session_number, max({step: step_number, text: data}).text as last_reply,
        max(case when starts_with(data, '220 ') and contains(data, 'SMTP') then data end) as banner,
        count(distinct case when is_receive and starts_with(data, '535 ') then sequence_number end) as failed_replies,
        bool_or(starts_with(data, '250 ') and contains(lower(data), 'xproxyfrom accepted')) as proxy_accepted
    from step where is_reply group by session_number
),
noted as (
    select session_number,
        max(case when starts_with(context, 'TLS protocol') and contains(context, ' succeeded') then context end) as tls_text,
        max(case when context = 'authenticated' then data end) as user_row,
        max(case when starts_with(context, 'Proxy session was successfully set up') then regexp_extract(context, 'Session for ?(.+?) will now be proxied', 1) end) as user_proxied,
        count(distinct case when starts_with(context, 'Inbound AUTH ') and contains(context, ' failed') then sequence_number end) as failed_rows,
        max(case when event = '-' then {step: step_number, text: context} end).text as close_reason,
        max(case when context = 'Set Session Permissions' then {step: step_number, text: data} end).text as permissions,
        max(case when starts_with(context, 'Proxying inbound session') then coalesce(regexp_extract(context, '^Proxying inbound session with session id ([0-9A-Za-z]+)', 1), '') end) as sid_text,
        max(case when starts_with(context, 'Failed to connect') then context end) as connect_error,
        max(case when starts_with(context, 'TLS negotiation failed') then context end) as tls_error,
        max(case when starts_with(context, 'Client certificate chain') then context end) as client_certificate
    from step where event = '-' or event = '*' and context is not null group by session_number
),
negotiated as (
    -- few texts for many sessions
    select tls_text, regexp_extract(tls_text, 'SP_PROT_(.+?)_(SERVER|CLIENT) negotiation succeeded', 1) as tls_raw,
        regexp_extract(tls_text, 'bulk encryption algorithm ([A-Za-z0-9_]+) with strength ([0-9]+)', 1) as tls_cipher
    from (select distinct tls_text from noted where tls_text is not null)
),
judged as (
    select f.session_number, case when m.is_probe and not m.has_real_rcpt then 'managed-availability'
        when k.direction <> 'receive' then null
        when a.role = 'scanner' and coalesce(m.accepted_count, 0) = 0 then 'scanner-approved'
        when not f.is_complete or m.session_number is not null or c.has_work then null
        when a.role = 'monitor' then 'monitoring-system'
        when a.role = 'loadbalancer' or regexp_matches(f.remote_ip, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe80)') then 'loadbalancer-probe' end as noise_filter
    from facts f join session_number k on k.session_number = f.session_number
    left join mailed m on m.session_number = f.session_number left join commanded c on c.session_number = f.session_number
    left join assigned_role a on a.address = f.remote_ip
)
select k.session_key, k.server, k.service, k.direction, k.session_id, f.connector_id, f.local_ip, f.local_port, f.remote_ip,
    f.remote_port, f.opened_at, f.closed_at, f.event_count, c.helo_name,
    nullif(replace(g.tls_raw, '_', '.'), '') as tls_version, nullif(g.tls_cipher, '') as tls_cipher,
    nullif(upper(c.auth_mechanism), '') as auth_mechanism, coalesce(n.user_row, nullif(n.user_proxied, '')) as auth_user,
    greatest(coalesce(n.failed_rows, 0), coalesce(p.failed_replies, 0)) as auth_failure_count,
    coalesce(m.accepted_count, 0) as accepted_count, coalesce(m.refused_count, 0) as refused_count,
    p.last_reply, n.close_reason, coalesce(cast(floor(q.silence / 1000) as bigint), 0) as longest_silence_ms, f.is_complete,
    j.noise_filter is not null as is_noise, j.noise_filter,
    k.direction = 'receive' and coalesce(n.user_row, nullif(n.user_proxied, '')) is null and not (coalesce(c.has_server_verb, false) or coalesce(p.proxy_accepted, false)) as anonymous,
    (coalesce(c.has_server_verb, false) or coalesce(p.proxy_accepted, false)) as server_auth, n.permissions, p.banner,
    nullif(coalesce(nullif(n.sid_text, ''), c.sid_proxy), '') as proxied_session_id, nullif(c.proxied_ip, '') as proxied_ip,
    coalesce(p.proxy_accepted, false) as proxy_accepted, n.connect_error, n.tls_error, coalesce(m.message_count, 0) as message_count, n.client_certificate,
    list_distinct([struct_pack(file_id := f.first_row.file_id, line_number := f.first_row.line_number),
        struct_pack(file_id := f.last_row.file_id, line_number := f.last_row.line_number)]) as evidence
from facts f
join session_number k on k.session_number = f.session_number
left join quiet q on q.session_number = f.session_number
left join mailed m on m.session_number = f.session_number
left join commanded c on c.session_number = f.session_number
left join replied p on p.session_number = f.session_number
left join noted n on n.session_number = f.session_number
left join negotiated g on g.tls_text = n.tls_text
join judged j on j.session_number = f.session_number
