-- The busiest hours: messages, recipients, bytes.
select date_trunc('hour', m.first_at) as hour_at, count(*) as messages, cast(sum(m.recipient_count) as bigint) as recipients,
    cast(coalesce(sum(m.message_bytes), 0) as bigint) as total_bytes, cast(round(avg(m.message_bytes)) as bigint) as mean_bytes
from message m
where not m.is_noise and m.first_at >= $since and m.first_at < $until
    and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
group by all order by messages desc, hour_at
limit 24
