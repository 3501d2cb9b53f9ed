-- Recipients that were not reached, per hour (or day) and status.
select date_trunc($bucket, m.first_at) as moment, l.status as series, cast(count(*) as double) as value
from leg l join message m on m.message_key = l.message_key
where l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined') and not m.is_noise and m.first_at >= $since and m.first_at < $until
    and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
group by all order by moment, series
