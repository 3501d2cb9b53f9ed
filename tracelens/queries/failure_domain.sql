-- Recipient domains with recipients that were not reached; with a status, those that have it.
select lower(split_part(l.recipient_address, '@', -1)) as domain, count(*) as recipient_count,
    count(*) filter (l.status in ('failed', 'dropped', 'quarantined')) as failed_count, count(*) filter (l.status = 'refused') as refused_count,
    count(*) filter (l.status = 'deferred') as deferred_count,
    round(100.0 * count(*) filter (l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined')) / count(*), 1) as missed_percent
from leg l join message m on m.message_key = l.message_key
where not m.is_noise and ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until)
    and ($server = '' or list_contains(m.servers, $server))
group by all having count(*) filter (l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined') and ($status = '' or l.status = $status)) > 0
order by failed_count + refused_count + deferred_count desc, domain
limit $limit
