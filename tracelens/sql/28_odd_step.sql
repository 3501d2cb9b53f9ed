-- One step of a conversation out of the ordinary: a strange command, a complaint about one, a delay on purpose.
-- column kind: vrfy, http, binary, unrecognized, bad sequence, plain logon, tarpit, rewritten, extra acceptance, bare line feed
-- column delay_ms: of a tarpit, in milliseconds
-- grain: file_id, line_number, kind
-- kind: table
-- basis: observed
select s.session_key, u.kind, s.server, s.service, s.direction, s.connector_id, s.local_port, s.remote_ip,
    e.is_public, coalesce(e.is_first_party, false) as is_first_party, s.helo_name, s.auth_user, s.server_auth, s.is_complete, u.text,
    date_diff('millisecond', timestamp '1970-01-01 00:00:00', u.delay) as delay_ms, u.moment, u.file_id, u.line_number
from odd_told u join session_number k on k.session_number = u.session_number join session s on s.session_key = k.session_key
left join peer e on e.remote_ip = s.remote_ip
where not s.is_noise
