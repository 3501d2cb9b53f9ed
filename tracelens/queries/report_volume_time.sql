-- Messages per hour (or day) by where they came from.
select date_trunc($bucket, m.first_at) as moment, m.origin_class as series, cast(count(*) as double) as value
from message m
where not m.is_noise and m.first_at >= $since and m.first_at < $until
    and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
group by all order by moment, series
