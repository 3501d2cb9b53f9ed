-- One recipient that a client named in an inbound conversation, with the answer it got.
-- `is_outside`: its domain is none of ours as far as the logs show; null when no domain of ours is known.
-- grain: session_key, transaction_number, command_number
-- kind: table
-- basis: observed
with known as (
    select count(*) as domain_count from accepted_domain_guess
)
select c.session_key, c.transaction_number, c.command_number, c.server, c.service, c.connector_id, c.local_port, c.remote_ip,
    e.is_public, coalesce(e.is_first_party, false) as is_first_party, c.helo_name, c.auth_user, c.mail_from, c.recipient_address, c.domain, c.written,
    case when k.domain_count > 0 and contains(c.recipient_address, '@') then d.domain is null end as is_outside,
    c.is_taken, c.is_denied, c.reply_text, c.answered_at, c.file_id, c.line_number
from client_recipient c cross join known k
left join accepted_domain_guess d on d.domain = c.domain
left join peer e on e.remote_ip = c.remote_ip
