-- Messages per hour (or day) by where they came from, from `since` to `until`.
select date_trunc($bucket, first_at) as hour, origin_class, count(*) as message_count
from message where first_at >= $since and first_at < $until and ($noise or not is_noise)
group by all order by hour, origin_class
