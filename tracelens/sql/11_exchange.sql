-- Commands of a transaction with the reply of each: pipelined commands are answered in order (RFC 2920).
-- grain: session_key, transaction_number, command_number
-- kind: temp
with command as (
    select session_number, session_key, transaction_number, step_number, data, is_mail, is_rcpt, is_body, date_time, file_id, line_number,
        row_number() over (partition by session_number, transaction_number order by step_number) as command_number
    from step where is_command
        and (transaction_number > 0 or is_rcpt or is_body)
),
reply_row as (
    select session_number, transaction_number, step_number, data, date_time, is_reply, file_id, line_number,
        sum(case when is_reply then 1 else 0 end) over (partition by session_number, transaction_number
            order by step_number desc rows between unbounded preceding and current row) as group_back
    from step where is_reply or is_reply_part
),
mail_seen as (
    select session_number, transaction_number, bool_or(is_mail) as has_mail, bool_or(is_rcpt or is_body) as has_envelope,
        min(step_number) as first_step
    from command group by session_number, transaction_number
),
joined_reply as (
    select r.session_number, r.transaction_number, r.group_back, max(r.step_number) as step_number, max(r.date_time) as date_time,
        string_agg(r.data, ' ' order by r.step_number) as reply,
        min(r.file_id) as file_id, max(r.line_number) as line_number
    from reply_row r join mail_seen m on m.session_number = r.session_number and m.transaction_number = r.transaction_number
    where r.step_number > m.first_step
        and (m.has_mail or m.has_envelope and not regexp_matches(r.data, '^250 2\.1\.0'))
    group by r.session_number, r.transaction_number, r.group_back
),
reply as (
    select *, row_number() over (partition by session_number, transaction_number order by step_number) as reply_number
    from joined_reply
),
shift as (
    -- DATA is answered twice: 354, then the final reply; commands after it shift by one
    select session_number, session_key, transaction_number, command_number, step_number, data, is_mail, is_rcpt, is_body, date_time, file_id, line_number,
        command_number + sum(case when upper(data) = 'DATA' then 1 else 0 end) over (partition by session_number, transaction_number
            order by command_number rows between unbounded preceding and 1 preceding) as expected_number
    from command
)
select s.session_key, s.transaction_number, s.command_number, s.data as command, s.is_mail, s.is_rcpt, s.is_body,
    s.date_time as sent_at, s.file_id, s.line_number,
    r.reply, r.date_time as replied_at, f.reply as body_reply, f.date_time as body_replied_at,
    f.file_id as body_file_id, f.line_number as body_line_number, r.line_number as reply_line_number, r.file_id as reply_file_id
from shift s
left join reply r on r.session_number = s.session_number and r.transaction_number = s.transaction_number
    and r.reply_number = coalesce(s.expected_number, s.command_number)
left join reply f on upper(s.data) = 'DATA' and starts_with(r.reply, '354') and f.session_number = s.session_number
    and f.transaction_number = s.transaction_number and f.reply_number = coalesce(s.expected_number, s.command_number) + 1
