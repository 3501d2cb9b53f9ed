-- Rows of protocol and message-tracking logs that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with told as (
    select file_id, line_number, date_time, server, service, concat('smtp_', direction) as log, service = 'frontend' as is_frontend,
        case event when '+' then 'connect' when '-' then 'disconnect' when '*' then 'note' when '>' then 'sent' when '<' then 'received' else event end as event,
        concat_ws(' | ', data, context) as text
    from smtp_event where $log <> 'message_tracking' and ($since is null or date_time >= $since) and ($until is null or date_time < $until)
    union all
    select t.file_id, t.line_number, t.date_time, t.server,
        case when regexp_matches(upper(f.path), 'MSGTRKMD[0-9]') then 'delivery' when regexp_matches(upper(f.path), 'MSGTRKMS?[0-9]') then 'submission'
            when regexp_matches(upper(f.path), 'MSGTRKMA[0-9]') then 'moderation' else 'transport' end, 'message_tracking', false, concat_ws(' ', t.event_id, t.source),
        concat_ws(' | ', t.connector_id, array_to_string(t.recipient_address, '; '), t.message_id, t.source_context)
    from tracking_event t left join log_file f on f.file_id = t.file_id
    where $log in ('', 'message_tracking') and ($since is null or t.date_time >= $since) and ($until is null or t.date_time < $until)
),
kept as (
    select concat(file_id, '/', line_number) as row_key, date_time as moment, 1 as amount,
        log as log_,
        coalesce(service, 'none') as service_,
        if(is_frontend, 'yes', 'no') as frontend_
    from told where ($server = '' or coalesce(server, 'none') = $server) and ($file = '' or file_id in (select file_id from log_file where path = $file))
),
hit as (
    select row_key, moment, amount,
        case $by when 'log' then log_ when 'service' then service_ when 'frontend' then frontend_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($log = '' or log_ = $log)
        and ($service = '' or service_ = $service)
        and ($frontend = '' or frontend_ = $frontend)
),
-- include: counted_page
select l.date_time, l.server, l.service, replace(l.log, '_', ' ') as log, l.event, l.text, regexp_extract(f.path, '[^/\\]+$') as file, l.line_number as line, p.times, p.found_count, p.sum_count
from page p join told l on concat(l.file_id, '/', l.line_number) = p.row_key left join log_file f on f.file_id = l.file_id
order by p.moment desc nulls last, p.row_key
