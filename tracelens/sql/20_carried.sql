-- A transaction that carried a message, with the other side of its session, the queue entry it left and the one it made.
-- grain: session_key, transaction_number
-- kind: temp
-- by: message
select t.session_key, t.transaction_number, t.server, t.service, t.direction, t.connector_id, t.local_ip, t.local_port, t.remote_ip, t.remote_port,
    coalesce(t.next_server, case when t.direction = 'send' and t.server_internal_id is not null then a.server end) as next_server, t.server_internal_id, t.reply_code, t.reply_text, t.started_at, t.ended_at, t.is_accepted, t.server_auth, t.auth_user, t.tls_version,
    t.proxied_session_id, t.proxy_accepted, t.recipients <> [] as has_recipients, t.evidence, i.message_key, i.mid, i.basis as identity_basis, i.hub_node, a.server as peer_server, s.service as peer_service,
    case when coalesce(t.next_server, case when t.direction = 'send' then a.server end) in (select server from our_server) and t.server_internal_id is not null
        then concat(coalesce(t.next_server, a.server), '#', t.server_internal_id) end as reply_node,
    case when t.internal_message_id is not null then concat(t.server, '#', t.internal_message_id) end as queue_node,
    p.send_connector, q.receive_connector
from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
left join our_address a on a.ip = t.remote_ip
left join session_pair p on p.receive_key = t.session_key and p.is_only
left join session_pair q on q.send_key = t.session_key and q.is_only
left join session s on s.session_key = q.receive_key
where not t.is_shadow
