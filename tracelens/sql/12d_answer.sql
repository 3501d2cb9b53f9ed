-- One answer inside a transaction, with the parts of a reply of several lines put together.
-- column reply_number: which answer of the transaction it is; pipelined commands are answered in order (RFC 2920)
-- grain: session_number, transaction_number, reply_number
-- kind: part
-- by: conversation
with torn as (
    -- its MAIL FROM is not in the logs, but the answer to that may be
    select s.session_number, s.step_number, sum(case when starts_with(s.data, '250 2.1.0') then 1 else 0 end) over (partition by s.session_number order by s.step_number, s.file_id) as late_count
    from step s join step_opening o on o.session_number = s.session_number and o.transaction_number = 0
    where s.transaction_number = 0 and s.is_reply and s.step_number > o.place.step
),
reply as (
    select s.session_number, s.transaction_number, s.answers_here - o.place.here - coalesce(t.late_count, 0) as reply_number,
        s.data, s.date_time, s.file_id, s.line_number
    from step s join step_opening o on o.session_number = s.session_number and o.transaction_number = s.transaction_number
    left join torn t on s.transaction_number = 0 and t.session_number = s.session_number and t.step_number = s.step_number
    where s.is_reply and s.step_number > o.place.step and not (s.transaction_number = 0 and starts_with(s.data, '250 2.1.0'))
),
part as (
    select s.session_number, s.transaction_number, s.answers_here - o.place.here + 1 as reply_number, string_agg(s.data, ' ' order by s.step_number) as text
    from step s join step_opening o on o.session_number = s.session_number and o.transaction_number = s.transaction_number
    where s.is_reply_part and s.step_number > o.place.step group by s.session_number, s.transaction_number, s.answers_here - o.place.here + 1
)
select r.session_number, r.transaction_number, r.reply_number, case when p.text is null then r.data else p.text || ' ' || r.data end as reply,
    r.date_time, r.file_id, r.line_number
from reply r left join part p on p.session_number = r.session_number and p.transaction_number = r.transaction_number and p.reply_number = r.reply_number
