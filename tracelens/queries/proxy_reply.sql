-- What Front Ends told clients when they could not hand a message on.
select server, reply_text, count(*) as reply_count, count(distinct remote_ip) as client_count, min(ended_at) as first_at, max(ended_at) as last_at
from transaction
where service = 'frontend' and direction = 'receive' and reply_code between 400 and 499 and not is_noise
group by server, reply_text order by reply_count desc, server, reply_text
limit $limit
