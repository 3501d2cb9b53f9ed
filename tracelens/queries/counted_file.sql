-- Log files that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select cast(file_id as varchar) as row_key, last_at as moment,
        case $sum when 'bytes' then size_bytes when 'lines' then line_count when 'rows' then event_count when 'rejects' then reject_count else 1 end as amount,
        state as state_,
        coalesce(format, 'unknown') as format_
    from log_file where ($since is null or last_at >= $since) and ($until is null or last_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'state' then state_ when 'format' then format_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($state = '' or state_ = $state)
        and ($format = '' or format_ = $format)
),
-- include: counted_page
select f.path, f.state, f.reason, f.format, f.server, f.service, f.size_bytes, f.line_count, f.event_count, f.reject_count, f.first_at, f.last_at, p.times, p.found_count, p.sum_count
from page p join log_file f on cast(f.file_id as varchar) = p.row_key
order by p.moment desc nulls last, p.row_key
