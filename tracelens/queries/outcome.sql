-- Recipients per hour of the message's first sight, by how their leg ended, from `since` to `until`.
select date_trunc($bucket, m.first_at) as hour, l.status, count(*) as recipient_count
from leg l join message m on m.message_key = l.message_key
where ($noise or not m.is_noise) and m.first_at >= $since and m.first_at < $until
group by all order by hour, status
