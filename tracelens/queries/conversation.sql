-- The rows of one session in order, each with the silence before it.
with turn as (
    select e.date_time, e.sequence_number, e.event, e.data, e.context, e.file_id, e.line_number
    from session s join smtp_event e on e.session_id = s.session_id and e.service = s.service and e.direction = s.direction
        and e.server is not distinct from s.server and e.date_time between s.opened_at and s.closed_at
        and (s.session_id <> '0000000000000000' or e.remote_ip is not distinct from s.remote_ip)
    where s.session_key = $key
)
select t.date_time, date_diff('millisecond', lag(t.date_time) over (order by t.sequence_number, t.date_time, t.file_id, t.line_number), t.date_time) as silence_ms,
    t.event, t.data, t.context, f.path, t.line_number as line
from turn t left join log_file f on f.file_id = t.file_id
order by t.sequence_number, t.date_time, t.file_id, t.line_number
