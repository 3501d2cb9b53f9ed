smtp_or_tracking as (
    select s.file_id, s.line_number, s.date_time, s.server, concat(s.service, ' ', s.direction) as log,
        case s.event when '+' then 'connect' when '-' then 'disconnect' when '*' then 'note'
            when '>' then 'sent' when '<' then 'received' else s.event end as event,
        concat_ws(' | ', s.data, s.context) as text, null as subject
    from smtp_event s
    where s.date_time between $since and $until and s.file_id in (select file_id from wanted)
    union all
    select t.file_id, t.line_number, t.date_time, t.server, 'message tracking', concat_ws(' ', t.event_id, t.source),
        concat_ws(' | ', t.connector_id, array_to_string(t.recipient_address, '; '),
            nullif(array_to_string(list_distinct(t.recipient_status), '; '), ''), t.source_context), t.message_subject
    from tracking_event t
    where t.date_time between $since and $until and t.file_id in (select file_id from wanted)
),
