-- The rows of one session in order, each with the silence before it, the last command by then, and who was to speak.
with chosen as (
    select * from session where session_key = $key
),
-- include: silence
select t.date_time, t.silence_ms, t.event, t.data, t.context, case when t.silence_ms is not null then t.waited_command end as waited_command,
    case when t.silence_ms is not null then t.waited_for end as waited_for, f.path, t.line_number as line
from silence t left join log_file f on f.file_id = t.file_id
order by t.sequence_number, t.date_time, t.file_id, t.line_number
