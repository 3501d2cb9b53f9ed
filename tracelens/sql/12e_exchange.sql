-- Envelope commands of a transaction with the reply of each: pipelined commands are answered in order (RFC 2920).
-- column command_number: number of its answer in the transaction; DATA is answered twice: 354, then the final reply
-- column address: what stands between FROM: or TO: and the parameters, without angle brackets
-- grain: session_number, transaction_number, command_number
-- kind: part
-- by: conversation
with command as (
    select session_number, transaction_number, step_number, data, is_mail, is_rcpt, is_body, date_time, file_id, line_number,
        is_body and length(data) = 4 as is_data, answers_due
    from step where is_mail or is_rcpt or is_body
),
asked as (
    select c.*, c.answers_due - o.place.due - case when c.is_data then 1 else 0 end as command_number,
        case when c.is_body then null when c.is_mail then regexp_extract(c.data, '^[Mm][Aa][Ii][Ll] [Ff][Rr][Oo][Mm]: *<?([^> ]*)>?', 1)
            else regexp_extract(c.data, '[Tt][Oo]: *<?([^> ]*)>?', 1) end as address
    from command c join step_opening o on o.session_number = c.session_number and o.transaction_number = c.transaction_number
),
body as (
    select a.session_number, a.transaction_number, a.command_number, f.reply, f.date_time, f.file_id, f.line_number
    from asked a join answer f on f.session_number = a.session_number and f.transaction_number = a.transaction_number and f.reply_number = a.command_number + 1
    where a.is_data
)
select a.session_number, a.transaction_number, a.command_number, a.data as command, a.address, a.is_mail, a.is_rcpt, a.is_body,
    a.date_time as sent_at, a.file_id, a.line_number,
    r.reply, r.date_time as replied_at, f.reply as body_reply, f.date_time as body_replied_at,
    f.file_id as body_file_id, f.line_number as body_line_number, r.line_number as reply_line_number, r.file_id as reply_file_id
from asked a
left join answer r on r.session_number = a.session_number and r.transaction_number = a.transaction_number and r.reply_number = a.command_number
left join body f on starts_with(r.reply, '354') and f.session_number = a.session_number
    and f.transaction_number = a.transaction_number and f.command_number = a.command_number
