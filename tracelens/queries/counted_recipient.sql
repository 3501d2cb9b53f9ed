-- Recipients named in SMTP conversations that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(session_key, '/', transaction_number, '/', command_number) as row_key, answered_at as moment, 1 as amount,
        coalesce(nullif(connector_id, ''), 'none') as connector_,
        coalesce(remote_ip, 'none') as address_,
        service as service_,
        case when is_taken then 'taken' when is_denied then 'denied' else 'unanswered' end as outcome_,
        if(auth_user is null, 'no', 'yes') as logon_,
        if(is_public, 'yes', 'no') as public_,
        case when mail_from is null then 'none' when mail_from = '' then '<>' else mail_from end as sender_,
        coalesce(domain, 'none') as domain_,
        case when not is_denied then 'none' when contains(lower(coalesce(reply_text, '')), 'unable to relay') then 'relaying' else 'other' end as denial_,
        if(coalesce(is_outside, false) or contains(lower(coalesce(reply_text, '')), 'unable to relay'), 'yes', 'no') as foreign_,
        if((is_taken or is_denied) and ((is_taken and coalesce(is_outside, false)) or contains(lower(coalesce(reply_text, '')), 'unable to relay')), 'yes', 'no') as relay_
    from envelope_recipient where not is_first_party and ($since is null or answered_at >= $since) and ($until is null or answered_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'connector' then connector_ when 'address' then address_ when 'service' then service_ when 'outcome' then outcome_ when 'logon' then logon_ when 'public' then public_ when 'sender' then sender_ when 'domain' then domain_ when 'denial' then denial_ when 'foreign' then foreign_ when 'relay' then relay_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($connector = '' or connector_ = $connector)
        and ($address = '' or address_ = $address)
        and ($service = '' or service_ = $service)
        and ($outcome = '' or outcome_ = $outcome)
        and ($logon = '' or logon_ = $logon)
        and ($public = '' or public_ = $public)
        and ($sender = '' or sender_ = $sender)
        and ($domain = '' or domain_ = $domain)
        and ($denial = '' or denial_ = $denial)
        and ($foreign = '' or foreign_ = $foreign)
        and ($relay = '' or relay_ = $relay)
),
-- include: counted_page
select e.session_key, e.answered_at, e.server, e.connector_id, e.remote_ip, e.helo_name, e.auth_user, e.mail_from, e.recipient_address,
    case when e.is_taken then 'taken' when e.is_denied then 'denied' else 'unanswered' end as outcome, e.reply_text, p.times, p.found_count, p.sum_count
from page p join envelope_recipient e on concat(e.session_key, '/', e.transaction_number, '/', e.command_number) = p.row_key
order by p.moment desc nulls last, p.row_key
