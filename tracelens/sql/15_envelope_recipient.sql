-- One recipient that a client named in an inbound conversation, with the answer it got.
-- `is_outside`: its domain is none of ours as far as the logs show; null when no domain of ours is known.
-- grain: session_key, transaction_number, command_number
-- kind: table
-- basis: observed
with named as (
    select k.session_key, e.transaction_number, e.command_number, e.reply as reply_text, coalesce(e.replied_at, e.sent_at) as answered_at,
        regexp_extract(e.command, '[Tt][Oo]: *(.*)$', 1) as written, lower(e.address) as recipient_address,
        coalesce(e.reply_file_id, e.file_id) as file_id, coalesce(e.reply_line_number, e.line_number) as line_number
    from exchange e join session_number k on k.session_number = e.session_number where e.is_rcpt
),
known as (
    select count(*) as domain_count from accepted_domain_guess
),
placed as (
    select n.*, split_part(n.recipient_address, '@', -1) as domain from named n
)
select p.session_key, p.transaction_number, p.command_number, t.server, t.service, t.connector_id, t.local_port, t.remote_ip,
    e.is_public, coalesce(e.is_first_party, false) as is_first_party, s.helo_name, s.auth_user, t.mail_from, p.recipient_address, p.domain, p.written,
    case when k.domain_count > 0 and contains(p.recipient_address, '@') then d.domain is null end as is_outside,
    coalesce(starts_with(p.reply_text, '2'), false) and t.is_accepted as is_taken, coalesce(regexp_matches(p.reply_text, '^[45]'), false) as is_denied,
    p.reply_text, p.answered_at, p.file_id, p.line_number
from placed p
join transaction t on t.session_key = p.session_key and t.transaction_number = p.transaction_number
join session s on s.session_key = p.session_key
cross join known k
left join accepted_domain_guess d on d.domain = p.domain
left join peer e on e.remote_ip = t.remote_ip
where t.direction = 'receive' and not t.server_auth and not t.is_noise and t.service in ('frontend', 'hub', 'edge', 'unknown')
    and t.proxied_session_id is null and not t.proxy_accepted
