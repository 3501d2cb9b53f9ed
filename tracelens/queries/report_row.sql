-- The log rows at given places (file, line). `since` and `until` only spare reading other days.
with wanted as (
    select distinct unnest($files) as file_id, unnest($lines) as line_number
),
line as (
    select s.file_id, s.line_number, s.date_time, s.server, concat(s.service, ' ', s.direction) as log,
        case s.event when '+' then 'connect' when '-' then 'disconnect' when '*' then 'note'
            when '>' then 'sent' when '<' then 'received' else s.event end as event,
        concat_ws(' | ', s.data, s.context) as text
    from smtp_event s
    where s.date_time between $since and $until and s.file_id in (select file_id from wanted)
    union all
    select t.file_id, t.line_number, t.date_time, t.server, 'message tracking', concat_ws(' ', t.event_id, t.source),
        concat_ws(' | ', t.message_subject, t.connector_id, array_to_string(t.recipient_address, '; '),
            nullif(array_to_string(list_distinct(t.recipient_status), '; '), ''), t.source_context)
    from tracking_event t
    where t.date_time between $since and $until and t.file_id in (select file_id from wanted)
)
select w.file_id, l.date_time, l.server, l.log, l.event, l.text, f.path as file, w.line_number as line
from wanted w
join line l on l.file_id = w.file_id and l.line_number = w.line_number
left join log_file f on f.file_id = w.file_id
order by l.date_time, f.path, w.line_number
