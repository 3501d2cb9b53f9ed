-- Messages put off by Front Ends that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(session_key, '/', transaction_number) as row_key, started_at as moment, 1 as amount,
        [concat('text=', coalesce(md5(reply_text), 'none')), concat('address=', coalesce(remote_ip, 'none'))] as words
    from transaction
    where service = 'frontend' and direction = 'receive' and reply_code between 400 and 499 and not is_noise and ($since is null or started_at >= $since) and ($until is null or started_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
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
select t.session_key, t.started_at, t.server, t.connector_id, t.remote_ip, t.mail_from, array_to_string(t.recipients[1:5], '; ') as recipients, t.reply_text, p.times, p.found_count, p.sum_count
from page p join transaction t on concat(t.session_key, '/', t.transaction_number) = p.row_key
order by p.moment desc nulls last, p.row_key
