-- The first answer to EHLO in a conversation, its lines as words.
-- grain: session_number
-- kind: part
-- by: conversation
with asked as (
    select session_number, min({step: step_number, here: answers_here}) as ehlo from step where is_command and upper(left(data, 5)) = 'EHLO ' group by session_number
)
select s.session_number, ' ' || upper(string_agg(substr(s.data, 5), ' ' order by s.step_number)) || ' ' as words,
    min({step: s.step_number, moment: s.date_time, file_id: s.file_id, line_number: s.line_number}) as row
from step s join asked a on a.session_number = s.session_number
where s.step_number > a.ehlo.step and starts_with(s.data, '250') and (s.is_reply_part and s.answers_here = a.ehlo.here or s.is_reply and s.answers_here = a.ehlo.here + 1)
group by s.session_number
