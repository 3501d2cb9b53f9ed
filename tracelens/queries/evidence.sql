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
-- include: log_line
line as (
    select file_id, line_number, date_time, server, log, event, text from smtp_or_tracking
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
