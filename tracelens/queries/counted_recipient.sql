-- Recipients named in SMTP conversations that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(session_key, '/', transaction_number, '/', command_number) as row_key, answered_at as moment, 1 as amount,
        [concat('connector=', coalesce(nullif(connector_id, ''), 'none')), concat('address=', coalesce(remote_ip, 'none')), concat('service=', service),
            concat('outcome=', case when is_taken then 'taken' when is_denied then 'denied' else 'unanswered' end), concat('logon=', if(auth_user is null, 'no', 'yes')),
            concat('public=', if(is_public, 'yes', 'no')), concat('sender=', coalesce(nullif(mail_from, ''), 'none')), concat('domain=', coalesce(nullif(domain, ''), 'none')),
            concat('denial=', case when not is_denied then 'none' when contains(lower(coalesce(reply_text, '')), 'unable to relay') then 'relaying' else 'other' end),
            concat('foreign=', if(coalesce(is_outside, false) or contains(lower(coalesce(reply_text, '')), 'unable to relay'), 'yes', 'no')),
            concat('relay=', if((is_taken or is_denied) and ((is_taken and coalesce(is_outside, false)) or contains(lower(coalesce(reply_text, '')), 'unable to relay')), 'yes', 'no'))] as words
    from envelope_recipient where not is_first_party and ($since is null or answered_at >= $since) and ($until is null or answered_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
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
select e.session_key, e.answered_at, e.server, e.connector_id, e.remote_ip, e.helo_name, e.auth_user, e.mail_from, e.recipient_address,
    case when e.is_taken then 'taken' when e.is_denied then 'denied' else 'unanswered' end as outcome, e.reply_text, p.times, p.found_count, p.sum_count
from page p join envelope_recipient e on concat(e.session_key, '/', e.transaction_number, '/', e.command_number) = p.row_key
order by p.moment desc nulls last, p.row_key
