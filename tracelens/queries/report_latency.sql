-- Time from first row to final row, per origin and end, for recipients that were reached.
select m.origin_class as origin, l.status, count(*) as recipients, quantile_disc(l.total_ms, 0.5) as median_ms, quantile_disc(l.total_ms, 0.95) as p95_ms,
    quantile_disc(l.total_ms, 0.99) as p99_ms, max(l.total_ms) as max_ms
from leg l join message m on m.message_key = l.message_key
where l.total_ms is not null and l.status in ('delivered', 'relayed') and not m.is_noise and m.first_at >= $since and m.first_at < $until
    and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
group by m.origin_class, l.status order by origin, l.status
