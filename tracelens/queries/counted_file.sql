-- Log files that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select cast(file_id as varchar) as row_key, last_at as moment,
        case $sum when 'bytes' then size_bytes when 'lines' then line_count when 'rows' then event_count when 'rejects' then reject_count else 1 end as amount,
        [concat('state=', state), concat('format=', coalesce(format, 'unknown'))] as words
    from log_file where ($since is null or last_at >= $since) and ($until is null or last_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select * exclude (words), case when $by <> '' then list_filter(words, lambda w: starts_with(w, concat($by, '=')))[1] end as value
    from kept where list_has_all(words, cast($match as varchar[])) and ($sum = '' or amount > 0)
),
once as (
    select *, count(*) over (partition by value) as times, row_number() over (partition by value order by moment desc nulls last, row_key) as place
    from hit where $by = '' or value <> concat($by, '=none')
),
page as (
    select row_key, times, moment, count(*) over () as found_count, cast(sum(amount) over () as bigint) as sum_count
    from once where $by = '' or place = 1 order by moment desc nulls last, row_key limit $limit offset $offset
)
select f.path, f.state, f.reason, f.format, f.server, f.service, f.size_bytes, f.line_count, f.event_count, f.reject_count, f.first_at, f.last_at, p.times, p.found_count, p.sum_count
from page p join log_file f on cast(f.file_id as varchar) = p.row_key
order by p.moment desc nulls last, p.row_key
