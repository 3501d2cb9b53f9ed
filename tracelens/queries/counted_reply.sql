-- Failure texts in the logs that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select r.reply_key as row_key, r.moment, 1 as amount,
        [concat('signature=', coalesce(c.signature_id, 'none')), concat('text=', coalesce(md5(r.text), 'none')), concat('address=', coalesce(r.remote_ip, 'none'))] as words
    from reply r left join reply_class c on c.text = r.text
    where not r.is_noise and ($since is null or r.moment >= $since) and ($until is null or r.moment < $until) and ($server = '' or coalesce(r.server, 'none') = $server)
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
select r.session_key, r.message_key, r.moment, r.server, r.log, r.direction, r.connector_id, r.remote_ip, r.text, p.times, p.found_count, p.sum_count
from page p join reply r on r.reply_key = p.row_key
order by p.moment desc nulls last, p.row_key
