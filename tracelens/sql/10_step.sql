-- Protocol log rows with their session and transaction; RecordId rows stand before MAIL FROM.
-- column session_number: the same as session_key, shorter; good for one build only
-- column step_number: grows along the conversation (sequence number, then line); not without gaps
-- grain: file_id, line_number
-- kind: temp
with keyed as (
    select c.conversation_number, c.base_key, coalesce(r.run, 0) as run, e.server, e.service, e.direction, e.date_time, e.connector_id,
        e.session_id, e.sequence_number, e.local_ip, e.local_port, e.remote_ip, e.remote_port, e.event, e.data, e.context, e.file_id,
        e.line_number, coalesce(e.sequence_number, 0) * 10000000 + e.line_number % 10000000 as step_number,
        -- the beginning of a command; empty for a reply
        case when e.data is null or e.event not in ('<', '>') then null
            when e.event = case e.direction when 'receive' then '<' else '>' end then upper(left(e.data, 10)) else '' end as head,
        e.event = '*' and starts_with(coalesce(e.context, ''), 'sending message with RecordId') as is_record
    from smtp_event e join conversation c on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    left join conversation_run r on r.file_id = e.file_id and r.line_number = e.line_number
)
select k.base_key || '|' || cast(k.run as varchar) as session_key, k.conversation_number * 10000 + k.run as session_number, k.server, k.service, k.direction, k.date_time, k.connector_id, k.session_id,
    k.sequence_number, k.local_ip, k.local_port, k.remote_ip, k.remote_port, k.event, k.data, k.context, k.file_id, k.line_number,
    coalesce(len(list_filter(m.places, lambda x: x <= k.step_number)), 0) + case when k.is_record then 1 else 0 end as transaction_number,
    k.step_number, coalesce(k.head = 'MAIL FROM:', false) as is_mail, coalesce(starts_with(k.head, 'RCPT TO:'), false) as is_rcpt,
    coalesce(starts_with(k.head, 'BDAT') or k.head = 'DATA' and length(k.data) = 4, false) as is_body, coalesce(k.head <> '', false) as is_command,
    coalesce(k.head = '' and regexp_matches(left(k.data, 4), '^[2-5][0-9][0-9]( |$)'), false) as is_reply,
    coalesce(k.head = '' and regexp_matches(left(k.data, 4), '^[2-5][0-9][0-9]-'), false) as is_reply_part,
    k.is_record
from keyed k left join mail m on m.conversation_number = k.conversation_number and m.run = k.run
