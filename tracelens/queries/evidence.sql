-- The log rows behind the hops and the ends of one message, or behind one finding, with file and line. `since` and `until` only spare reading other days.
with hop_place as (
    select hop_number, unnest(evidence, recursive := true) from hop where message_key = $message
),
leg_place as (
    select evidence[1].file_id as told_file, evidence[1].line_number as told_line, unnest(evidence, recursive := true) from leg where message_key = $message
),
wanted as (
    select hop_number, file_id, line_number from hop_place
    union all
    select null, l.file_id, l.line_number from leg_place l anti join hop_place h on h.file_id = l.told_file and h.line_number = l.told_line
    union all
    select distinct null, file_id, line_number from (select unnest(evidence, recursive := true) from finding where finding_key = $finding)
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
        concat_ws(' | ', t.connector_id, array_to_string(t.recipient_address, '; '),
            nullif(array_to_string(list_distinct(t.recipient_status), '; '), ''), t.source_context)
    from tracking_event t
    where t.date_time between $since and $until and t.file_id in (select file_id from wanted)
    union all
    select h.file_id, h.line_number, h.date_time, h.server, 'header', h.kind, h.text from header_hop h where h.file_id in (select file_id from wanted)
    union all
    select x.file_id, x.line_number, x.date_time, 'Exchange Online', 'message trace', coalesce(x.event, x.status),
        concat_ws(' | ', x.recipient_address, x.status, x.detail, x.from_ip, x.to_ip, x.connector_id) from exo_trace_event x where x.file_id in (select file_id from wanted)
)
select l.date_time, w.hop_number as hop, l.server, l.log, l.event, l.text, f.path, w.line_number as line
from wanted w
join line l on l.file_id = w.file_id and l.line_number = w.line_number
left join log_file f on f.file_id = w.file_id
order by l.date_time, f.path, w.line_number, w.hop_number
limit $limit
