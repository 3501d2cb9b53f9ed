-- Protocol log rows in the order of their session, with their transaction; RecordId rows stand before MAIL FROM.
-- One sort gives all that depends on the order: the other models need none over all rows.
-- column session_number: see session_number; short, since this is the widest and longest table of a build
-- column step_number: grows along the conversation (sequence number, then line); not without gaps
-- column before_at: time of the row before it in the session
-- column answers_due: answers that all commands up to this row ask for; DATA asks for two
-- column answers_here: answers up to this row
-- grain: file_id, line_number
-- kind: part
-- by: conversation
with keyed as (
    select c.conversation_number * 10000 + coalesce(r.run, 0) as session_number, c.direction = 'receive' as is_receive, e.date_time, e.sequence_number, e.event, e.data, e.context,
        e.file_id, e.line_number, coalesce(e.sequence_number, 0) * 10000000 + e.line_number % 10000000 as step_number,
        -- the beginning of a command; empty for a reply
        case when e.data is null or e.event not in ('<', '>') then null
            when e.event = case e.direction when 'receive' then '<' else '>' end then upper(left(e.data, 10)) else '' end as head,
        case when e.event in ('<', '>') and regexp_matches(left(e.data, 4), '^[2-5][0-9][0-9]([ -]|$)') then coalesce(nullif(substr(e.data, 4, 1), ''), ' ') end as code_end
    from smtp_event e join conversation c on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    left join conversation_run r on r.file_id = e.file_id and r.line_number = e.line_number
),
flagged as (
    select session_number, is_receive, date_time, sequence_number, event, data, context, file_id, line_number, step_number,
        coalesce(head = 'MAIL FROM:', false) as is_mail, coalesce(starts_with(head, 'RCPT TO:'), false) as is_rcpt,
        coalesce(starts_with(head, 'BDAT') or head = 'DATA' and length(data) = 4, false) as is_body, coalesce(head <> '', false) as is_command,
        coalesce(head = '' and code_end = ' ', false) as is_reply, coalesce(head = '' and code_end = '-', false) as is_reply_part,
        event = '*' and starts_with(coalesce(context, ''), 'sending message with RecordId') as is_record
    from keyed
)
select session_number, cast(sum(case when is_mail then 1 else 0 end) over turn as bigint) + case when is_record then 1 else 0 end as transaction_number,
    step_number, is_receive, date_time, sequence_number, event, data, context, file_id, line_number,
    is_mail, is_rcpt, is_body, is_command, is_reply, is_reply_part, is_record,
    lag(date_time) over turn as before_at,
    cast(sum(case when not is_command then 0 when is_body and length(data) = 4 then 2 else 1 end) over turn as bigint) as answers_due,
    cast(sum(case when is_reply then 1 else 0 end) over turn as bigint) as answers_here
from flagged
window turn as (partition by session_number order by step_number, file_id)
