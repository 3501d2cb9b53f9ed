-- Messages per hour (or day) by where they came from.
select date_trunc($bucket, first_at) as hour, origin_class, count(*) as message_count
from message where first_at is not null and ($noise or not is_noise)
group by all order by hour, origin_class
