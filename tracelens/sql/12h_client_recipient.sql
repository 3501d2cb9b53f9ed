-- A recipient that a client named in an inbound conversation, as its transaction alone tells it; see envelope_recipient.
-- grain: session_key, transaction_number, command_number
-- kind: temp
-- by: conversation
select k.session_key, e.transaction_number, e.command_number, t.server, t.service, t.connector_id, t.local_port, t.remote_ip, s.helo_name, s.auth_user, t.mail_from,
    lower(e.address) as recipient_address, split_part(lower(e.address), '@', -1) as domain, regexp_extract(e.command, '[Tt][Oo]: *(.*)$', 1) as written,
    coalesce(starts_with(e.reply, '2'), false) and t.is_accepted as is_taken, coalesce(regexp_matches(e.reply, '^[45]'), false) as is_denied,
    e.reply as reply_text, coalesce(e.replied_at, e.sent_at) as answered_at,
    coalesce(e.reply_file_id, e.file_id) as file_id, coalesce(e.reply_line_number, e.line_number) as line_number
from exchange e join session_number k on k.session_number = e.session_number
join transaction t on t.session_key = k.session_key and t.transaction_number = e.transaction_number
join session s on s.session_key = k.session_key
where e.is_rcpt and t.direction = 'receive' and not t.server_auth and not t.is_noise and t.service in ('frontend', 'hub', 'edge', 'unknown')
    and t.proxied_session_id is null and not t.proxy_accepted
