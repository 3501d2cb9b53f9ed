-- Times of server components that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(file_id, '/', line_number, '/', position) as row_key, written_at as moment, 1 as amount,
        [concat('component=', component), concat('kind=', coalesce(kind, 'none')), concat('agent=', coalesce(agent, 'none'))] as words
    from latency_component
    where duration_ms is not null and (written_at is null or ($since is null or written_at >= $since) and ($until is null or written_at < $until)) and ($server = '' or coalesce(server, 'none') = $server)
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
select c.message_key, c.written_at, c.server, c.component, c.kind, c.agent, c.duration_ms, m.sender_address, m.message_subject, p.times, p.found_count, p.sum_count
from page p join latency_component c on concat(c.file_id, '/', c.line_number, '/', c.position) = p.row_key left join message m on m.message_key = c.message_key
order by p.moment desc nulls last, p.row_key
