-- Conversations that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select session_key as row_key, opened_at as moment,
        case $sum when 'accepted' then accepted_count when 'refused' then refused_count when 'failed logons' then auth_failure_count else 1 end as amount,
        service as service_,
        direction as direction_,
        coalesce(server, 'none') as server_,
        coalesce(nullif(connector_id, ''), 'none') as connector_,
        coalesce(remote_ip, 'none') as address_,
        coalesce(cast(remote_port as varchar), 'none') as port_,
        coalesce(tls_version, 'none') as tls_,
        coalesce(nullif(tls_cipher, ''), 'none') as cipher_,
        if(accepted_count > 0 or auth_user is not null, 'yes', 'no') as used_,
        case when starts_with(coalesce(remote_ip, ''), '127.') or coalesce(remote_ip, '') = '::1' or tls_version in ('TLS1.2', 'TLS1.3') then 'no' when tls_version is null then 'none' else 'old' end as outdated_,
        if(tls_version is null, 'no', 'yes') as secured_,
        if(auth_user is null, 'no', 'yes') as signed_,
        coalesce(auth_user, 'none') as account_,
        case when auth_user is not null then coalesce(auth_mechanism, 'signed in') when server_auth then 'server' when auth_failure_count > 0 then 'failed logon' else 'anonymous' end as logon_,
        if(connect_error is null, 'yes', 'no') as connected_,
        coalesce(md5(tls_error), 'none') as handshake_,
        coalesce(md5(coalesce(connect_error, tls_error, case when left(last_reply, 1) in ('4', '5') then last_reply end)), 'none') as failure_,
        if(connect_error is not null or tls_error is not null or coalesce(left(last_reply, 1) in ('4', '5'), false), 'yes', 'no') as failed_
    from session where ($certificate <> '' or not is_noise) and ($since is null or opened_at >= $since) and ($until is null or opened_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
        and ($certificate = '' or session_key in (select k.session_key from smtp_event e join session k on k.session_id = e.session_id and k.server is not distinct from e.server and k.service = e.service and k.direction = e.direction
            where $certificate <> '' and e.event = '*' and contains(e.context, 'ertificate') and contains(upper(e.data), $certificate) and ($service = '' or e.service = $service) and ($direction = '' or e.direction = $direction) and e.date_time between k.opened_at and k.closed_at
                and ($since is null or e.date_time >= $since) and ($until is null or e.date_time < $until) and ($server = '' or coalesce(e.server, 'none') = $server)))
        and ($seen = '' or session_key in (select l.from_key from link l join session o on o.session_key = l.to_key
            where $seen <> '' and l.from_kind = 'session' and l.to_kind = 'session' and ($seen = 'yes' or regexp_matches(o.last_reply, '^[45]'))))
),
hit as (
    select row_key, moment, amount,
        case $by when 'service' then service_ when 'direction' then direction_ when 'server' then server_ when 'connector' then connector_ when 'address' then address_ when 'port' then port_ when 'tls' then tls_ when 'cipher' then cipher_ when 'used' then used_ when 'outdated' then outdated_ when 'secured' then secured_ when 'signed' then signed_ when 'account' then account_ when 'logon' then logon_ when 'connected' then connected_ when 'handshake' then handshake_ when 'failure' then failure_ when 'failed' then failed_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($service = '' or service_ = $service)
        and ($direction = '' or direction_ = $direction)
        and ($server = '' or server_ = $server)
        and ($connector = '' or connector_ = $connector)
        and ($address = '' or address_ = $address)
        and ($port = '' or port_ = $port)
        and ($tls = '' or tls_ = $tls)
        and ($cipher = '' or cipher_ = $cipher)
        and ($used = '' or used_ = $used)
        and ($outdated = '' or outdated_ = $outdated or $outdated = 'yes' and outdated_ <> 'no')
        and ($secured = '' or secured_ = $secured)
        and ($signed = '' or signed_ = $signed)
        and ($account = '' or account_ = $account)
        and ($logon = '' or logon_ = $logon)
        and ($connected = '' or connected_ = $connected)
        and ($handshake = '' or handshake_ = $handshake)
        and ($failure = '' or failure_ = $failure)
        and ($failed = '' or failed_ = $failed)
),
-- include: counted_page
select s.session_key, s.opened_at, s.server, s.service, s.direction, s.connector_id, s.remote_ip, s.remote_port, s.helo_name, s.tls_version, s.tls_cipher, s.auth_user,
    s.accepted_count, s.refused_count, s.auth_failure_count, coalesce(s.connect_error, s.tls_error, s.last_reply) as last_reply, p.times, p.found_count, p.sum_count
from page p join session s on s.session_key = p.row_key
order by p.moment desc nulls last, p.row_key
