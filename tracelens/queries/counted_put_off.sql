-- Messages put off by Front Ends that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(session_key, '/', transaction_number) as row_key, started_at as moment, 1 as amount,
        coalesce(md5(reply_text), 'none') as text_,
        coalesce(remote_ip, 'none') as address_
    from transaction
    where service = 'frontend' and direction = 'receive' and reply_code between 400 and 499 and not is_noise and ($since is null or started_at >= $since) and ($until is null or started_at < $until) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'text' then text_ when 'address' then address_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($text = '' or text_ = $text)
        and ($address = '' or address_ = $address)
),
-- include: counted_page
select t.session_key, t.started_at, t.server, t.connector_id, t.remote_ip, t.mail_from, array_to_string(t.recipients[1:5], '; ') as recipients, t.reply_text, p.times, p.found_count, p.sum_count
from page p join transaction t on concat(t.session_key, '/', t.transaction_number) = p.row_key
order by p.moment desc nulls last, p.row_key
