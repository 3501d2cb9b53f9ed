-- Recipients that were not reached, per hour of the message's first sight and status.
select date_trunc($bucket, m.first_at) as hour, l.status, count(*) as recipient_count
from leg l join message m on m.message_key = l.message_key
where l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined') and not m.is_noise and m.first_at is not null
    and ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until) and ($status = '' or l.status = $status)
    and ($server = '' or list_contains(m.servers, $server))
group by all order by hour, status
