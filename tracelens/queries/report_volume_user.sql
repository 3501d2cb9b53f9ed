-- Messages that each mailbox sent and received, and their size.
with chosen as (
    select m.message_key, lower(coalesce(m.sender_address, '')) as sender, m.origin_class, m.message_bytes, cast(m.first_at as date) as day from message m
    where not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
),
moved as (
    select sender as user, day, 'sent' as way, message_bytes from chosen where origin_class in ('mailbox', 'client') and sender <> ''
    union all
    select l.recipient_address, c.day, 'received', c.message_bytes from leg l join chosen c on c.message_key = l.message_key where l.status = 'delivered'
)
select user, count(*) filter (way = 'sent') as sent, count(*) filter (way = 'received') as received, count(*) as messages, count(distinct day) as days,
    cast(round(avg(message_bytes)) as bigint) as mean_bytes, cast(max(message_bytes) as bigint) as max_bytes, cast(coalesce(sum(message_bytes), 0) as bigint) as total_bytes
from moved group by user order by messages desc, user
