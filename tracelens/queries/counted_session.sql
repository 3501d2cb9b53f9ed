-- Conversations that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select session_key as row_key, opened_at as moment,
        case $sum when 'accepted' then accepted_count when 'refused' then refused_count when 'failed logons' then auth_failure_count else 1 end as amount,
        [concat('service=', service), concat('direction=', direction), concat('server=', coalesce(server, 'none')), concat('connector=', coalesce(nullif(connector_id, ''), 'none')), concat('address=', coalesce(remote_ip, 'none')),
            concat('port=', coalesce(cast(remote_port as varchar), 'none')), concat('tls=', coalesce(tls_version, 'none')), concat('cipher=', coalesce(nullif(tls_cipher, ''), 'none')),
            concat('used=', if(accepted_count > 0 or auth_user is not null, 'yes', 'no')), concat('account=', coalesce(auth_user, 'none')),
            concat('logon=', case when auth_user is not null then coalesce(auth_mechanism, 'signed in') when server_auth then 'server' when auth_failure_count > 0 then 'failed logon' else 'anonymous' end),
            concat('connected=', if(connect_error is null, 'yes', 'no')), concat('handshake=', coalesce(md5(tls_error), 'none')),
            concat('failure=', coalesce(md5(coalesce(connect_error, tls_error, case when regexp_matches(last_reply, '^[45]') then last_reply end)), 'none')),
            concat('failed=', if(connect_error is not null or tls_error is not null or coalesce(regexp_matches(last_reply, '^[45]'), false), 'yes', 'no'))] as words
    from session where not is_noise and ($since is null or opened_at >= $since) and ($until is null or opened_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
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
select s.session_key, s.opened_at, s.server, s.service, s.direction, s.connector_id, s.remote_ip, s.remote_port, s.helo_name, s.tls_version, s.tls_cipher, s.auth_user,
    s.accepted_count, s.refused_count, s.auth_failure_count, coalesce(s.connect_error, s.tls_error, s.last_reply) as last_reply, p.times, p.found_count, p.sum_count
from page p join session s on s.session_key = p.row_key
order by p.moment desc nulls last, p.row_key
