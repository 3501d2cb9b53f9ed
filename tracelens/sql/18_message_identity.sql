-- Which message a protocol transaction carried: by InternalId and host (J5), RecordId (J6), else by message-id (J17), else itself.
-- grain: session_key, transaction_number
-- kind: temp
with by_id as (
    select mid, min(message_key) as message_key from track where mid is not null and message_key is not null group by mid
    having count(distinct message_key) = 1
),
candidate as (
    select t.session_key, t.transaction_number, t.direction, t.service, t.server, nullif(trim(t.message_id, '<> '), '') as mid, t.is_accepted,
        t.next_server, t.server_internal_id, t.internal_message_id, t.is_shadow,
        r.message_key as key_reply, q.message_key as key_record
    from transaction t
    left join receipt r on r.server = t.next_server and r.internal_message_id = t.server_internal_id and r.mid = trim(t.message_id, '<> ')
    left join (select distinct server, internal_message_id, mid, message_key from track where internal_message_id is not null) q
        on t.direction = 'send' and q.server = t.server and q.internal_message_id = t.internal_message_id and q.mid = trim(t.message_id, '<> ')
),
identified as (
    select c.session_key, c.transaction_number, coalesce(min(c.key_reply), min(c.key_record), min(b.message_key), 'id:' || max(c.mid)) as message_key,
        max(c.mid) as mid
    from candidate c left join by_id b on b.mid = c.mid
    group by c.session_key, c.transaction_number
),
outbound as (
    -- behind the outbound proxy (717) no row of the Front End names the message: the same envelope at the same time does
    select f.session_key, f.transaction_number, min(i.message_key) as message_key, min(i.mid) as mid
    from transaction h
    join identified i on i.session_key = h.session_key and i.transaction_number = h.transaction_number and i.message_key is not null
    join inventory v on v.network = h.remote_ip and v.role = 'server'
    join transaction f on f.direction = 'send' and f.service = 'frontend' and f.remote_port not in (2525, 465) and f.server = v.server
        and f.mail_from = h.mail_from and list_sort(f.recipients) = list_sort(h.recipients)
        and f.started_at between h.started_at - interval 5 seconds and h.ended_at + interval 5 seconds
    where h.direction = 'send' and h.service = 'hub' and h.remote_port = 717
    group by f.session_key, f.transaction_number having count(distinct i.message_key) = 1
)
select i.session_key, i.transaction_number,
    coalesce(i.message_key, o.message_key, 'smtp:' || i.session_key || '#' || cast(i.transaction_number as varchar)) as message_key,
    coalesce(i.mid, o.mid) as mid
from identified i left join outbound o on o.session_key = i.session_key and o.transaction_number = i.transaction_number
