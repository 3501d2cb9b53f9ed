-- The log rows at given places (file, line). `since` and `until` only spare reading other days.
with wanted as (
    select distinct unnest($files) as file_id, unnest($lines) as line_number
),
-- include: log_line
line as (
    select file_id, line_number, date_time, server, log, event, concat_ws(' | ', subject, text) as text from smtp_or_tracking
)
select w.file_id, l.date_time, l.server, l.log, l.event, l.text, f.path as file, w.line_number as line
from wanted w
join line l on l.file_id = w.file_id and l.line_number = w.line_number
left join log_file f on f.file_id = w.file_id
order by l.date_time, f.path, w.line_number
