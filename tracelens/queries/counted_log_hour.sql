-- Hours of logs that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat_ws('|', server, service, log, hour) as row_key, hour as moment, case $sum when 'rows' then event_count else 1 end as amount,
        coalesce(service, 'none') as service_,
        log as log_,
        state as state_
    from coverage where ($since is null or hour >= $since) and ($until is null or hour < $until) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'service' then service_ when 'log' then log_ when 'state' then state_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($service = '' or service_ = $service)
        and ($log = '' or log_ = $log)
        and ($state = '' or state_ = $state)
),
-- include: counted_page
select c.hour, c.server, c.service, replace(c.log, '_', ' ') as log, c.state, c.event_count, c.file_count, p.times, p.found_count, p.sum_count
from page p join coverage c on concat_ws('|', c.server, c.service, c.log, c.hour) = p.row_key
order by p.moment desc nulls last, p.row_key
