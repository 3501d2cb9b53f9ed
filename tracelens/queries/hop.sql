-- The hops of one message in order.
select hop_number, kind, from_server, from_service, from_ip, to_server, to_service, to_ip, to_port, send_connector, receive_connector,
    started_at, ended_at, transit_ms, corrected_ms, bound_ms, wait_ms, wait_bound_ms, after_parent_ms, order_basis, tls_version, auth_user, outcome, reply_text, basis, hop_key, parent_hop_key
from hop where message_key = $message order by hop_number
