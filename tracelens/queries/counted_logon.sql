-- Logon attempts that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(session_key, '/', attempt_number) as row_key, moment, 1 as amount,
        if(is_good, 'worked', 'failed') as outcome_,
        coalesce(nullif(connector_id, ''), 'none') as connector_,
        coalesce(remote_ip, 'none') as address_,
        coalesce(account, 'none') as account_,
        coalesce(mechanism, 'unknown') as mechanism_,
        if(coalesce(has_tls, false), 'yes', 'no') as tls_,
        if(is_good and account is not null and count(*) filter (not is_good) over (partition by account, remote_ip) > 0, 'yes', 'no') as entered_
    from logon where not is_noise and ($since is null or moment >= $since) and ($until is null or moment < $until) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'outcome' then outcome_ when 'connector' then connector_ when 'address' then address_ when 'account' then account_ when 'mechanism' then mechanism_ when 'tls' then tls_ when 'entered' then entered_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($outcome = '' or outcome_ = $outcome)
        and ($connector = '' or connector_ = $connector)
        and ($address = '' or address_ = $address)
        and ($account = '' or account_ = $account)
        and ($mechanism = '' or mechanism_ = $mechanism)
        and ($tls = '' or tls_ = $tls)
        and ($entered = '' or entered_ = $entered)
),
-- include: counted_page
select l.session_key, l.moment, l.server, l.connector_id, l.remote_ip, l.helo_name, l.mechanism, coalesce(l.account, l.user_name) as account,
    if(l.is_good, 'worked', 'failed') as outcome, l.reason, l.has_tls, p.times, p.found_count, p.sum_count
from page p join logon l on concat(l.session_key, '/', l.attempt_number) = p.row_key
order by p.moment desc nulls last, p.row_key
