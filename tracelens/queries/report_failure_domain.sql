-- Recipient domains with recipients that were not reached, and their share.
select split_part(l.recipient_address, '@', -1) as domain, count(*) as recipients,
    count(*) filter (l.status in ('failed', 'dropped', 'quarantined')) as failed, count(*) filter (l.status = 'refused') as refused, count(*) filter (l.status = 'deferred') as deferred,
    count(*) filter (l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined')) / count(*) as missed_share
from leg l join message m on m.message_key = l.message_key
where not m.is_noise and m.first_at >= $since and m.first_at < $until
    and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
group by all having count(*) filter (l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined')) > 0
order by failed + refused + deferred desc, domain
limit 200
