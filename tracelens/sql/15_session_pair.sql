-- Two sessions that may be the two sides of one connection: swapped endpoints, begun within five minutes.
-- column strength: 1 begun within five seconds, 2 within a minute, 3 within five minutes; the best of each session is kept
-- column is_only: no other session is as near on either side
-- grain: send_key, receive_key
-- kind: temp
-- basis: inferred
with matched as (
    select s.session_key as send_key, r.session_key as receive_key, s.connector_id as send_connector, r.connector_id as receive_connector,
        case when s.service = 'frontend' and s.remote_port in (2525, 465) then 'J2' when s.remote_port = 475 then 'J9' else 'J8' end as join_name,
        case when abs(date_diff('second', s.opened_at, r.opened_at)) <= 5 then 1 when abs(date_diff('second', s.opened_at, r.opened_at)) <= 60 then 2 else 3 end as strength
    from session s join session r on s.direction = 'send' and r.direction = 'receive' and r.remote_ip = s.local_ip and r.remote_port = s.local_port
        and r.local_ip = s.remote_ip and r.local_port = s.remote_port and abs(date_diff('second', s.opened_at, r.opened_at)) <= 300
),
best_send as (
    select send_key, min(strength) as strength from matched group by send_key
),
best_receive as (
    select receive_key, min(strength) as strength from matched group by receive_key
),
near as (
    select m.* from matched m join best_send s on s.send_key = m.send_key and s.strength = m.strength
    join best_receive r on r.receive_key = m.receive_key and r.strength = m.strength
),
send_count as (
    select send_key, count(*) as partner_count from near group by send_key
),
receive_count as (
    select receive_key, count(*) as partner_count from near group by receive_key
)
select n.send_key, n.receive_key, n.send_connector, n.receive_connector, n.join_name, n.strength,
    s.partner_count = 1 and r.partner_count = 1 as is_only
from near n join send_count s on s.send_key = n.send_key join receive_count r on r.receive_key = n.receive_key
