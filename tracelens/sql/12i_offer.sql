-- What the receiving side of a conversation offered in its first answer to EHLO.
-- column has_login: AUTH LOGIN or PLAIN is offered before the conversation is encrypted
-- column is_masked: the answer looks rewritten by a device between (runs of * or X)
-- grain: session_key
-- kind: table
-- by: conversation
-- basis: observed
select s.session_key, s.server, s.service, s.direction, s.connector_id, s.local_port, s.remote_ip, s.remote_port, s.tls_version, s.server_auth, s.is_noise,
    contains(a.words, ' STARTTLS ') as has_starttls, contains(a.words, ' X-ANONYMOUSTLS ') as has_anonymous_tls,
    regexp_matches(a.words, ' AUTH( (GSSAPI|NTLM|XOAUTH2|OAUTHBEARER|LOGIN|PLAIN))* (LOGIN|PLAIN) ') as has_login,
    regexp_matches(a.words, '\*{6,}|X{7,}') as is_masked,
    try_cast(nullif(regexp_extract(a.words, ' SIZE ([0-9]+) ', 1), '') as bigint) as size_limit_bytes,
    trim(a.words) as words, a.row.moment as moment, a.row.file_id as file_id, a.row.line_number as line_number
from offer_word a join session_number k on k.session_number = a.session_number join session s on s.session_key = k.session_key
