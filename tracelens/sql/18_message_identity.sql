-- Which message a protocol transaction carried: by InternalId and host (J5), RecordId (J6), else by message-id (J17), else itself.
-- column basis: observed where an id names the message, or an answer with an id in it; inferred where only the envelope and the time fit
-- column hub_node: the queue entry (`SERVER#InternalId`) that a Front End handed on to the outside (717)
-- Two messages that fit equally well: the transaction stays alone, and `link` names both as ambiguous.
-- grain: session_key, transaction_number
-- kind: temp
with by_id as (
    select mid, min(message_key) as message_key, count(distinct message_key) as message_count
    from track where mid is not null and message_key is not null group by mid
),
entry as (
    -- queue entries by number and message-id; one that two messages share decides nothing
    select server, internal_message_id, mid, min(message_key) as message_key from track
    where internal_message_id is not null and message_key is not null group by server, internal_message_id, mid
    having count(distinct message_key) = 1
),
taken as (
    select server, internal_message_id, mid, min(message_key) as message_key from receipt group by server, internal_message_id, mid
    having count(distinct message_key) = 1
),
candidate as (
    select t.session_key, t.transaction_number, nullif(trim(t.message_id, '<> '), '') as mid, r.message_key as key_reply, q.message_key as key_record
    from transaction t
    left join taken r on r.server = t.next_server and r.internal_message_id = t.server_internal_id and r.mid is not distinct from nullif(trim(t.message_id, '<> '), '')
    left join entry q on t.direction = 'send' and q.server = t.server and q.internal_message_id = t.internal_message_id
        and q.mid is not distinct from nullif(trim(t.message_id, '<> '), '')
),
person as (
    -- several messages of one message-id: the recipients of a single one of them fit
    select c.session_key, c.transaction_number, min(k.message_key) as message_key
    from candidate c join by_id b on b.mid = c.mid and b.message_count > 1
    join transaction t on t.session_key = c.session_key and t.transaction_number = c.transaction_number
    join track k on k.mid = c.mid and list_has_any(list_transform(k.recipient_address, lambda x: lower(x)),
        list_transform(case when t.accepted_recipients = [] then t.recipients else t.accepted_recipients end, lambda x: lower(x)))
    where c.key_reply is null and c.key_record is null
    group by c.session_key, c.transaction_number having count(distinct k.message_key) = 1
),
identified as (
    select c.session_key, c.transaction_number, c.mid,
        coalesce(c.key_reply, c.key_record, case when b.message_count = 1 then b.message_key end, p.message_key,
            case when b.message_count is null then 'id:' || c.mid end) as message_key,
        case when c.key_reply is null and c.key_record is null and b.message_count > 1 and p.message_key is not null then 'inferred' else 'observed' end as basis
    from candidate c left join by_id b on b.mid = c.mid
    left join person p on p.session_key = c.session_key and p.transaction_number = c.transaction_number
),
handed as (
    -- what a hub gave to the outbound proxy (717), with the same transaction as the Front End logged it, by its own clock
    select h.session_key, h.mail_from, list_sort(h.recipients) as recipients, i.message_key, i.mid, v.server, concat(h.server, '#', h.internal_message_id) as node,
        case when h.is_accepted and regexp_matches(substr(h.reply_text, 5), '[0-9A-Za-z_-]{7,}[0-9]|[0-9][0-9A-Za-z_-]{7,}|[0-9A-Za-z_-]{3,}[0-9][0-9A-Za-z_-]{3,}') then h.reply_text end as answer_with_id,
        g.session_key as front_key, g.transaction_number as front_number, g.reply_text as front_reply, coalesce(g.started_at, h.started_at) as started_at, coalesce(g.ended_at, h.ended_at) as ended_at
    from transaction h
    join identified i on i.session_key = h.session_key and i.transaction_number = h.transaction_number and i.message_key is not null
    join inventory v on v.network = h.remote_ip and v.role = 'server'
    left join session_pair p on p.send_key = h.session_key and p.is_only
    left join transaction g on g.session_key = p.receive_key and g.mail_from = h.mail_from and list_sort(g.recipients) = list_sort(h.recipients)
        and g.reply_text is not distinct from h.reply_text
    where h.direction = 'send' and h.service = 'hub' and h.remote_port = 717
),
through as (
    -- no row of the Front End need name the message: the same envelope at the same time may be it; that the other system's answer,
    -- with an id in it, was handed back word by word proves it
    select f.session_key, f.transaction_number, h.message_key, h.mid, h.node, coalesce(f.reply_text = h.answer_with_id, false) as is_told
    from handed h
    join transaction f on f.direction = 'send' and f.service = 'frontend' and f.remote_port not in (2525, 465) and f.server = h.server
        and f.mail_from = h.mail_from and list_sort(f.recipients) = h.recipients
        and f.started_at between h.started_at - interval 5 seconds and h.ended_at + interval 5 seconds
    union all
    select front_key, front_number, message_key, mid, node, coalesce(front_reply = answer_with_id, false) from handed where front_key is not null
),
outbound as (
    select session_key, transaction_number, case when count(distinct message_key) filter (is_told) = 1 then min(message_key) filter (is_told) else min(message_key) end as message_key,
        case when count(distinct message_key) filter (is_told) = 1 then min(mid) filter (is_told) else min(mid) end as mid,
        case when count(distinct message_key) filter (is_told) = 1 then 'observed' else 'inferred' end as basis,
        case when count(distinct node) filter (is_told) = 1 then min(node) filter (is_told) when count(distinct node) = 1 then min(node) end as hub_node
    from through group by session_key, transaction_number
    having count(distinct message_key) filter (is_told) = 1 or count(distinct message_key) = 1
),
nameless as (
    -- what no row names at all: the two sides of the outbound proxy, as one Front End logged them, are still one message
    select f.session_key, f.transaction_number, min('smtp:' || g.session_key || '#' || cast(g.transaction_number as varchar)) as message_key
    from transaction f join identified i on i.session_key = f.session_key and i.transaction_number = f.transaction_number and i.message_key is null
    join transaction g on g.direction = 'receive' and g.service = 'frontend' and g.local_port = 717 and g.server = f.server and g.mail_from = f.mail_from
        and list_sort(g.recipients) = list_sort(f.recipients) and f.started_at between g.started_at - interval 5 seconds and g.ended_at + interval 5 seconds
    join identified k on k.session_key = g.session_key and k.transaction_number = g.transaction_number and k.message_key is null
    left join outbound o on o.session_key = f.session_key and o.transaction_number = f.transaction_number
    left join outbound x on x.session_key = g.session_key and x.transaction_number = g.transaction_number
    where f.direction = 'send' and f.service = 'frontend' and f.remote_port not in (2525, 465) and o.session_key is null and x.session_key is null
    group by f.session_key, f.transaction_number having count(*) = 1
)
select i.session_key, i.transaction_number,
    coalesce(i.message_key, o.message_key, n.message_key, 'smtp:' || i.session_key || '#' || cast(i.transaction_number as varchar)) as message_key,
    coalesce(i.mid, o.mid) as mid, case when i.message_key is not null then i.basis when o.message_key is not null then o.basis when n.message_key is not null then 'inferred' else i.basis end as basis,
    case when coalesce(i.message_key, o.message_key) = o.message_key then o.hub_node end as hub_node
from identified i left join outbound o on o.session_key = i.session_key and o.transaction_number = i.transaction_number
left join nameless n on n.session_key = i.session_key and n.transaction_number = i.transaction_number
