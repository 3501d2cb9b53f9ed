-- One MAIL FROM to end of data inside a session: envelope, reply, ids. Number 0: its MAIL FROM row is not in the logs.
-- grain: session_key, transaction_number
-- kind: table
-- by: conversation
-- basis: observed
with envelope as (
    select session_number, transaction_number, max(case when is_mail then address end) as mail_from,
        max(case when is_mail and contains(command, '=') then try_cast(regexp_extract(command, ' SIZE=([0-9]+)', 1) as bigint) end) as declared_bytes,
        sum(case when is_body and length(command) > 4 then try_cast(regexp_extract(upper(command), '^BDAT ([0-9]+)', 1) as bigint) end) as bdat_bytes,
        list_sort(list({number: command_number, address: address, reply: reply, answer: left(reply, 1), file_id: file_id, line_number: line_number}) filter (is_rcpt)) as named,
        max({number: command_number, reply: coalesce(body_reply, reply), moment: coalesce(body_replied_at, replied_at),
            file_id: coalesce(body_file_id, reply_file_id), line_number: coalesce(body_line_number, reply_line_number)}) filter (is_body) as body,
        max({number: command_number, reply: reply, moment: replied_at, file_id: reply_file_id, line_number: reply_line_number})
            filter ((is_rcpt or is_mail) and reply is not null) as last_answer,
        min(sent_at) as started_at, max(coalesce(body_replied_at, replied_at, sent_at)) as ended_at,
        max(case when is_mail then {file_id: file_id, line_number: line_number} end) as mail_row
    from exchange group by session_number, transaction_number
    having bool_or(is_mail or is_rcpt)
),
noted as (
    select session_number, transaction_number,
        max(case when is_record then try_cast(regexp_extract(context, 'RecordId ([0-9]+)', 1) as bigint) end) as record_id,
        max(case when contains(context, 'InternetMessageId ') then regexp_extract(context, 'InternetMessageId (.+)$', 1) end) as noted_id,
        max(case when context = 'receiving message' then data end) as receiving,
        min(date_time) filter (is_record) as record_at,
        list(struct_pack(file_id := file_id, line_number := line_number)) filter (is_record or context = 'receiving message') as evidence
    from step where event = '*' and contains(context, 'essage')
    group by session_number, transaction_number
),
ruled as (
    select e.*, n.record_id, n.noted_id, n.receiving, n.record_at, n.evidence as noted_evidence,
        e.body is not null as has_body,
        case when e.body is not null then e.body.reply else e.last_answer.reply end as reply_text,
        case when e.body is not null then e.body.file_id else e.last_answer.file_id end as reply_file_id,
        case when e.body is not null then e.body.line_number else e.last_answer.line_number end as reply_line_number
    from envelope e left join noted n on n.session_number = e.session_number and n.transaction_number = e.transaction_number
),
answered as (
    select *,
        case when starts_with(reply_text, '250 2.') then regexp_extract(reply_text, '^250 2\.[06]\.0 (?:OK )?(<.*>|[^ ]+) ?\[', 1) end as reply_id,
        case when contains(reply_text, 'InternalId=') then trim(split_part(split_part(split_part(reply_text, 'InternalId=', 2), ',', 1), ']', 1))
            when contains(reply_text, 'InternalId') then trim(regexp_extract(reply_text, 'InternalId ?= ?([^,\]]+)', 1)) end as id_a,
        case when contains(reply_text, 'Hostname=') and contains(reply_text, ']') then trim(split_part(split_part(reply_text, 'Hostname=', 2), ']', 1))
            when contains(reply_text, 'Hostname') then trim(regexp_extract(reply_text, 'Hostname ?= ?([^\]]+)\]', 1)) end as id_b
    from ruled
)
select k.session_key, t.transaction_number, s.server, s.service, s.direction, s.connector_id, s.local_ip, s.local_port, s.remote_ip, s.remote_port,
    t.mail_from, coalesce(list_transform(t.named, lambda x: x.address), []) as recipients,
    coalesce(list_transform(list_filter(t.named, lambda x: x.answer = '2'), lambda x: x.address), []) as accepted_recipients,
    coalesce(list_transform(list_filter(t.named, lambda x: x.answer in ('4', '5')), lambda x: x.address), []) as refused_recipients,
    coalesce(list_transform(list_filter(t.named, lambda x: x.answer in ('4', '5')), lambda x: struct_pack(recipient := x.address, reply := x.reply)), []) as refusals,
    coalesce(nullif(t.reply_id, ''), nullif(trim(t.noted_id), '')) as message_id,
    case when s.direction = 'send' then t.record_id else coalesce(try_cast(t.id_a as bigint), try_cast(t.id_b as bigint)) end as internal_message_id,
    coalesce(try_cast(t.id_a as bigint), try_cast(t.id_b as bigint)) as server_internal_id,
    nullif(case when try_cast(t.id_b as bigint) is null then t.id_b else t.id_a end, '') as next_hostname,
    coalesce(nullif(upper(split_part(case when try_cast(t.id_b as bigint) is null then t.id_b else t.id_a end, '.', 1)), ''),
        -- a hub of 2007 or 2010 answers with its number alone
        case when s.direction = 'receive' and s.service in ('hub', 'edge') and try_cast(t.id_a as bigint) is not null then s.server end) as next_server,
    cast(coalesce(case when contains(t.reply_text, ' bytes in') then try_cast(regexp_extract(t.reply_text, '([0-9]+) bytes in', 1) as bigint) end, t.bdat_bytes, nullif(t.declared_bytes, 0)) as bigint) as message_bytes,
    try_cast(left(t.reply_text, 3) as integer) as reply_code,
    nullif(regexp_extract(t.reply_text, '^[245][0-9][0-9][ -]([245]\.[0-9]{1,3}\.[0-9]{1,3})', 1), '') as enhanced_code,
    t.reply_text, coalesce(t.record_at, t.started_at) as started_at, t.ended_at,
    t.has_body and starts_with(coalesce(t.reply_text, ''), '2') as is_accepted, t.has_body,
    nullif(split_part(t.receiving, ';', 1), '') as receiving_session_id,
    s.anonymous, s.server_auth, s.auth_user, s.tls_version, s.is_noise, s.session_id, s.proxied_session_id, s.proxied_ip, s.proxy_accepted,
    contains(coalesce(t.reply_text, ''), 'Queued mail for redundancy') as is_shadow,
    list_sort(list_distinct(list_concat(list_concat(coalesce(list_transform(t.named, lambda x: struct_pack(file_id := x.file_id, line_number := x.line_number)), []),
        list_concat(case when t.mail_row is null then [] else [t.mail_row] end, coalesce(t.noted_evidence, []))),
        case when t.reply_line_number is null then [] else [struct_pack(file_id := t.reply_file_id, line_number := t.reply_line_number)] end))) as evidence
from answered t join session_number k on k.session_number = t.session_number join session s on s.session_key = k.session_key
