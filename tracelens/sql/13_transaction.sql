-- One MAIL FROM to end of data inside a session: envelope, reply, ids. Number 0: its MAIL FROM row is not in the logs.
-- grain: session_key, transaction_number
-- kind: table
-- basis: observed
with envelope as (
    select session_key, transaction_number,
        max(regexp_extract(command, '^[Mm][Aa][Ii][Ll] [Ff][Rr][Oo][Mm]: *<?([^> ]*)>?', 1)) filter (is_mail) as mail_from,
        max(try_cast(regexp_extract(command, ' SIZE=([0-9]+)', 1) as bigint)) filter (is_mail) as declared_bytes,
        sum(try_cast(regexp_extract(upper(command), '^BDAT ([0-9]+)', 1) as bigint)) filter (is_body) as bdat_bytes,
        list(regexp_extract(command, '[Tt][Oo]: *<?([^> ]*)>?', 1) order by command_number) filter (is_rcpt) as recipients,
        list(regexp_extract(command, '[Tt][Oo]: *<?([^> ]*)>?', 1) order by command_number) filter (is_rcpt and starts_with(reply, '2')) as accepted_recipients,
        list(regexp_extract(command, '[Tt][Oo]: *<?([^> ]*)>?', 1) order by command_number) filter (is_rcpt and regexp_matches(reply, '^[45]')) as refused_recipients,
        list(struct_pack(recipient := regexp_extract(command, '[Tt][Oo]: *<?([^> ]*)>?', 1), reply := reply) order by command_number) filter (is_rcpt and regexp_matches(reply, '^[45]')) as refusals,
        max({number: command_number, reply: coalesce(body_reply, reply), moment: coalesce(body_replied_at, replied_at),
            file_id: coalesce(body_file_id, reply_file_id), line_number: coalesce(body_line_number, reply_line_number)}) filter (is_body) as body,
        max({number: command_number, reply: reply, moment: replied_at, file_id: reply_file_id, line_number: reply_line_number})
            filter ((is_rcpt or is_mail) and reply is not null) as last_answer,
        min(sent_at) as started_at, max(coalesce(body_replied_at, replied_at, sent_at)) filter (is_mail or is_rcpt or is_body) as ended_at,
        list(struct_pack(file_id := file_id, line_number := line_number) order by command_number) filter (is_mail or is_rcpt) as evidence
    from exchange group by session_key, transaction_number
    having bool_or(is_mail or is_rcpt)
),
noted as (
    select session_key, transaction_number,
        max(try_cast(regexp_extract(context, 'RecordId ([0-9]+)', 1) as bigint)) filter (is_record) as record_id,
        max(regexp_extract(context, 'InternetMessageId (.+)$', 1)) filter (event = '*' and contains(context, 'InternetMessageId ')) as noted_id,
        max(data) filter (event = '*' and context = 'receiving message') as receiving,
        min(date_time) filter (is_record) as record_at,
        list(struct_pack(file_id := file_id, line_number := line_number)) filter (is_record or context = 'receiving message') as evidence
    from step where event = '*' and (is_record or contains(coalesce(context, ''), 'essage'))
    group by session_key, transaction_number
),
ruled as (
    select e.*, n.record_id, n.noted_id, n.receiving, n.record_at, n.evidence as noted_evidence,
        e.body is not null as has_body,
        case when e.body is not null then e.body.reply else e.last_answer.reply end as reply_text,
        case when e.body is not null then e.body.file_id else e.last_answer.file_id end as reply_file_id,
        case when e.body is not null then e.body.line_number else e.last_answer.line_number end as reply_line_number
    from envelope e left join noted n on n.session_key = e.session_key and n.transaction_number = e.transaction_number
),
named as (
    select *,
        regexp_extract(reply_text, '^250 2\.[06]\.0 (?:OK )?(<.*>|[^ ]+) ?\[', 1) as reply_id,
        trim(regexp_extract(reply_text, 'InternalId ?= ?([^,\]]+)', 1)) as id_a,
        trim(regexp_extract(reply_text, 'Hostname ?= ?([^\]]+)\]', 1)) as id_b
    from ruled
)
select t.session_key, t.transaction_number, s.server, s.service, s.direction, s.connector_id, s.local_ip, s.local_port, s.remote_ip, s.remote_port,
    t.mail_from, coalesce(t.recipients, []) as recipients, coalesce(t.accepted_recipients, []) as accepted_recipients,
    coalesce(t.refused_recipients, []) as refused_recipients, coalesce(t.refusals, []) as refusals,
    coalesce(nullif(t.reply_id, ''), nullif(trim(t.noted_id), '')) as message_id,
    case when s.direction = 'send' then t.record_id else coalesce(try_cast(t.id_a as bigint), try_cast(t.id_b as bigint)) end as internal_message_id,
    coalesce(try_cast(t.id_a as bigint), try_cast(t.id_b as bigint)) as server_internal_id,
    nullif(case when try_cast(t.id_b as bigint) is null then t.id_b else t.id_a end, '') as next_hostname,
    nullif(upper(split_part(case when try_cast(t.id_b as bigint) is null then t.id_b else t.id_a end, '.', 1)), '') as next_server,
    coalesce(try_cast(regexp_extract(t.reply_text, '([0-9]+) bytes in', 1) as bigint), t.bdat_bytes, nullif(t.declared_bytes, 0)) as message_bytes,
    try_cast(left(t.reply_text, 3) as integer) as reply_code,
    nullif(regexp_extract(t.reply_text, '^[245][0-9][0-9][ -]([245]\.[0-9]{1,3}\.[0-9]{1,3})', 1), '') as enhanced_code,
    t.reply_text, coalesce(t.record_at, t.started_at) as started_at, t.ended_at,
    t.has_body and starts_with(coalesce(t.reply_text, ''), '2') as is_accepted, t.has_body,
    nullif(split_part(t.receiving, ';', 1), '') as receiving_session_id,
    s.anonymous, s.server_auth, s.auth_user, s.tls_version, s.is_noise, s.session_id, s.proxied_session_id, s.proxied_ip, s.proxy_accepted,
    contains(coalesce(t.reply_text, ''), 'Queued mail for redundancy') as is_shadow,
    list_sort(list_distinct(list_concat(list_concat(coalesce(t.evidence, []), coalesce(t.noted_evidence, [])),
        case when t.reply_line_number is null then [] else [struct_pack(file_id := t.reply_file_id, line_number := t.reply_line_number)] end))) as evidence
from named t join session s on s.session_key = t.session_key
