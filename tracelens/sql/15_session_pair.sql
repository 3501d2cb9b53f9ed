-- Two sessions that are the two sides of one connection: swapped endpoints, begun within some minutes (clocks differ; a port is not used again so soon).
-- grain: send_key
-- kind: temp
-- basis: inferred
with matched as (
    select s.session_key as send_key, r.session_key as receive_key, s.connector_id as send_connector, r.connector_id as receive_connector,
        case when s.service = 'frontend' then 'J2' when s.remote_port = 475 then 'J9' else 'J8' end as join_name,
        row_number() over (partition by s.session_key order by abs(date_diff('microsecond', s.opened_at, r.opened_at)), r.session_key) as send_rank,
        row_number() over (partition by r.session_key order by abs(date_diff('microsecond', s.opened_at, r.opened_at)), s.session_key) as receive_rank
    from session s join session r on s.direction = 'send' and r.direction = 'receive' and r.remote_ip = s.local_ip and r.remote_port = s.local_port
        and r.local_ip = s.remote_ip and r.local_port = s.remote_port and abs(date_diff('second', s.opened_at, r.opened_at)) <= 200
)
select send_key, receive_key, send_connector, receive_connector, join_name from matched where send_rank = 1 and receive_rank = 1
