-- Logon attempts that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(session_key, '/', attempt_number) as row_key, moment, 1 as amount,
        [concat('outcome=', if(is_good, 'worked', 'failed')), concat('connector=', coalesce(nullif(connector_id, ''), 'none')), concat('address=', coalesce(remote_ip, 'none')),
            concat('account=', coalesce(account, 'none')), concat('mechanism=', coalesce(mechanism, 'unknown')), concat('tls=', if(coalesce(has_tls, false), 'yes', 'no')),
            concat('entered=', if(is_good and account is not null and count(*) filter (not is_good) over (partition by account, remote_ip) > 0, 'yes', 'no'))] as words
    from logon where not is_noise and ($since is null or moment >= $since) and ($until is null or moment < $until) and ($server = '' or coalesce(server, 'none') = $server)
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
select l.session_key, l.moment, l.server, l.connector_id, l.remote_ip, l.helo_name, l.mechanism, coalesce(l.account, l.user_name) as account,
    if(l.is_good, 'worked', 'failed') as outcome, l.reason, l.has_tls, p.times, p.found_count, p.sum_count
from page p join logon l on concat(l.session_key, '/', l.attempt_number) = p.row_key
order by p.moment desc nulls last, p.row_key
