-- Mail that a Front End put off because it could not hand it on, and when the same sender got it through.
with put_off as (
    select t.started_at, t.server, t.remote_ip, t.mail_from, t.recipients, t.reply_text, t.session_key, count(*) over () as found_count
    from transaction t
    where t.service = 'frontend' and t.direction = 'receive' and t.reply_code between 400 and 499 and not t.is_noise
        and t.started_at >= $since and t.started_at < $until and ($server = '' or t.server = $server)
    order by t.started_at desc, t.session_key, t.transaction_number limit $limit
),
again as (
    select p.session_key, p.started_at, min(t.ended_at) as came_at
    from put_off p join transaction t on t.mail_from = p.mail_from and t.remote_ip = p.remote_ip and t.started_at > p.started_at
        and t.service = 'frontend' and t.direction = 'receive' and t.is_accepted and (len(p.recipients) = 0 or list_has_any(t.recipients, p.recipients))
    group by p.session_key, p.started_at
)
select p.started_at, p.server, p.remote_ip, p.mail_from, array_to_string(p.recipients[1:5], '; ') as recipients, r.meaning, p.reply_text,
    case when a.came_at is null then 'not seen again' when len(p.recipients) = 0 then 'the same sender got through' else 'got through' end as outcome,
    a.came_at, cast(floor(date_diff('microsecond', p.started_at, a.came_at) / 1000) as bigint) as delay_ms, p.session_key, p.found_count
from put_off p left join again a on a.session_key = p.session_key and a.started_at = p.started_at left join reply_class r on r.text = p.reply_text
order by p.started_at desc, p.session_key
