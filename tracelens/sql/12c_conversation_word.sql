-- What was said in one session, by commands, replies and notes: greeting, logon, TLS, proxying, errors, silence.
-- Apart from the session itself, so that fewer tables are held in memory at one time.
-- grain: session_number
-- kind: part
-- by: conversation
with quiet as (
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
        max(case when starts_with(context, 'Client certificate chain') then context end) as client_certificate,
        max(case when starts_with(context, 'TlsDomainCapabilities=') then context end) as peer_trust
    from step where event = '-' or event = '*' and context is not null group by session_number
),
negotiated as (
    -- few texts for many sessions
    select tls_text, regexp_extract(tls_text, 'SP_PROT_(.+?)_(SERVER|CLIENT) negotiation succeeded', 1) as tls_raw,
        regexp_extract(tls_text, 'bulk encryption algorithm ([A-Za-z0-9_]+) with strength ([0-9]+)', 1) as tls_cipher
    from (select distinct tls_text from noted where tls_text is not null)
)
select q.session_number, q.silence, c.helo_name, c.auth_mechanism, c.sid_proxy, c.proxied_ip, coalesce(c.has_server_verb, false) as has_server_verb, coalesce(c.has_work, false) as has_work,
    p.last_reply, p.banner, p.failed_replies, coalesce(p.proxy_accepted, false) as proxy_accepted, n.user_row, n.user_proxied, n.failed_rows, n.close_reason, n.permissions, n.sid_text,
    n.connect_error, n.tls_error, n.client_certificate, n.peer_trust, g.tls_raw, g.tls_cipher
from quiet q
left join commanded c on c.session_number = q.session_number
left join replied p on p.session_number = q.session_number
left join noted n on n.session_number = q.session_number
left join negotiated g on g.tls_text = n.tls_text
