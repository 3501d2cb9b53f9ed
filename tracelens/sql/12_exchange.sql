-- Envelope commands of a transaction with the reply of each: pipelined commands are answered in order (RFC 2920).
-- column command_number: number of its answer in the transaction; DATA is answered twice: 354, then the final reply
-- column address: what stands between FROM: or TO: and the parameters, without angle brackets
-- grain: session_number, transaction_number, command_number
-- kind: temp
with command as (
    select session_number, transaction_number, step_number, data, is_mail, is_rcpt, is_body, date_time, file_id, line_number,
        is_body and length(data) = 4 as is_data, answers_due, answers_here
    from step where is_mail or is_rcpt or is_body
),
opened as (
    select session_number, transaction_number,
        min({step: step_number, due: answers_due - case when is_data then 2 else 1 end, here: answers_here}) as place
    from command group by session_number, transaction_number
),
torn as (
    -- its MAIL FROM is not in the logs, but the answer to that may be
    select s.session_number, s.step_number, sum(case when starts_with(s.data, '250 2.1.0') then 1 else 0 end) over (partition by s.session_number order by s.step_number, s.file_id) as late_count
    from step s join opened o on o.session_number = s.session_number and o.transaction_number = 0
    where s.transaction_number = 0 and s.is_reply and s.step_number > o.place.step
),
reply as (
    select s.session_number, s.transaction_number, s.answers_here - o.place.here - coalesce(t.late_count, 0) as reply_number,
        s.data, s.date_time, s.file_id, s.line_number
    from step s join opened o on o.session_number = s.session_number and o.transaction_number = s.transaction_number
    left join torn t on s.transaction_number = 0 and t.session_number = s.session_number and t.step_number = s.step_number
    where s.is_reply and s.step_number > o.place.step and not (s.transaction_number = 0 and starts_with(s.data, '250 2.1.0'))
),
part as (
    select s.session_number, s.transaction_number, s.answers_here - o.place.here + 1 as reply_number, string_agg(s.data, ' ' order by s.step_number) as text
    from step s join opened o on o.session_number = s.session_number and o.transaction_number = s.transaction_number
    where s.is_reply_part and s.step_number > o.place.step group by s.session_number, s.transaction_number, s.answers_here - o.place.here + 1
),
answer as (
    select r.session_number, r.transaction_number, r.reply_number, case when p.text is null then r.data else p.text || ' ' || r.data end as reply,
        r.date_time, r.file_id, r.line_number
    from reply r left join part p on p.session_number = r.session_number and p.transaction_number = r.transaction_number and p.reply_number = r.reply_number
),
asked as (
    select c.*, c.answers_due - o.place.due - case when c.is_data then 1 else 0 end as command_number,
        case when c.is_body then null when c.is_mail then regexp_extract(c.data, '^[Mm][Aa][Ii][Ll] [Ff][Rr][Oo][Mm]: *<?([^> ]*)>?', 1)
            else regexp_extract(c.data, '[Tt][Oo]: *<?([^> ]*)>?', 1) end as address
    from command c join opened o on o.session_number = c.session_number and o.transaction_number = c.transaction_number
)
select a.session_number, a.transaction_number, a.command_number, a.data as command, a.address, a.is_mail, a.is_rcpt, a.is_body,
    a.date_time as sent_at, a.file_id, a.line_number,
    r.reply, r.date_time as replied_at, f.reply as body_reply, f.date_time as body_replied_at,
    f.file_id as body_file_id, f.line_number as body_line_number, r.line_number as reply_line_number, r.file_id as reply_file_id
from asked a
left join answer r on r.session_number = a.session_number and r.transaction_number = a.transaction_number and r.reply_number = a.command_number
left join answer f on a.is_data and starts_with(r.reply, '354') and f.session_number = a.session_number
    and f.transaction_number = a.transaction_number and f.reply_number = a.command_number + 1
