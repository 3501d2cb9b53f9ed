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
)
select c.session_key, c.transaction_number,
    coalesce(min(c.key_reply), min(c.key_record), min(b.message_key), 'id:' || max(c.mid),
        'smtp:' || c.session_key || '#' || cast(c.transaction_number as varchar)) as message_key,
    max(c.mid) as mid
from candidate c left join by_id b on b.mid = c.mid
group by c.session_key, c.transaction_number
