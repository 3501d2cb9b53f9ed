-- What Front Ends told clients when they could not hand a message on, with what it means.
select t.server, t.reply_text, max(r.meaning) as meaning, count(*) as reply_count, count(distinct t.remote_ip) as client_count, min(t.ended_at) as first_at, max(t.ended_at) as last_at
from transaction t left join reply_class r on r.text = t.reply_text
where t.service = 'frontend' and t.direction = 'receive' and t.reply_code between 400 and 499 and not t.is_noise
    and t.started_at >= $since and t.started_at < $until and ($server = '' or t.server = $server)
group by t.server, t.reply_text order by reply_count desc, t.server, t.reply_text
limit $limit
