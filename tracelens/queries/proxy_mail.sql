-- Mail that a Front End put off because it could not hand it on, and when the same sender got it through.
with put_off as (
    select t.started_at, t.server, t.remote_ip, t.mail_from, t.recipients, t.reply_text, t.session_key, count(*) over () as found_count
    from transaction t
    where t.service = 'frontend' and t.direction = 'receive' and t.reply_code between 400 and 499 and not t.is_noise
        and t.started_at >= $since and t.started_at < $until and ($server = '' or t.server = $server)
    order by t.started_at desc, t.session_key, t.transaction_number limit $limit
),
wanted as (
    select session_key, started_at, remote_ip, mail_from, unnest(case when len(recipients) = 0 then [''] else recipients end) as recipient from put_off
),
taken as (
    select remote_ip, mail_from, ended_at, unnest(list_append(recipients, '')) as recipient
    from transaction
    where service = 'frontend' and direction = 'receive' and is_accepted and started_at >= $since and (remote_ip, mail_from) in (select remote_ip, mail_from from put_off)
),
again as (
    select w.session_key, w.started_at, min(t.ended_at) as came_at
    from wanted w asof join taken t on t.remote_ip = w.remote_ip and t.mail_from = w.mail_from and t.recipient = w.recipient and w.started_at < t.ended_at
    group by w.session_key, w.started_at
)
select p.started_at, p.server, p.remote_ip, p.mail_from, array_to_string(p.recipients[1:5], '; ') as recipients, r.meaning, p.reply_text,
    case when a.came_at is null then 'not seen again' when len(p.recipients) = 0 then 'the same sender got through' else 'got through' end as outcome,
    a.came_at, cast(floor(date_diff('microsecond', p.started_at, a.came_at) / 1000) as bigint) as delay_ms, p.session_key, p.found_count
from put_off p left join again a on a.session_key = p.session_key and a.started_at = p.started_at left join reply_class r on r.text = p.reply_text
order by p.started_at desc, p.session_key
