-- Failure texts in the logs that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select r.reply_key as row_key, r.moment, 1 as amount,
        coalesce(c.signature_id, 'none') as signature_,
        coalesce(md5(r.text), 'none') as text_,
        coalesce(r.remote_ip, 'none') as address_
    from reply r left join reply_class c on c.text = r.text
    where not r.is_noise and ($since is null or r.moment >= $since) and ($until is null or r.moment < $until) and ($server = '' or coalesce(r.server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'signature' then signature_ when 'text' then text_ when 'address' then address_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($signature = '' or signature_ = $signature)
        and ($text = '' or text_ = $text)
        and ($address = '' or address_ = $address)
),
-- include: counted_page
select r.session_key, r.message_key, r.moment, r.server, r.log, r.direction, r.connector_id, r.remote_ip, r.text, p.times, p.found_count, p.sum_count
from page p join reply r on r.reply_key = p.row_key
order by p.moment desc nulls last, p.row_key
