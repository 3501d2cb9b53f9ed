-- One message.
select message_key, message_id, network_message_id, sender_address, message_subject, first_at, last_at, message_bytes, recipient_count,
    status, hop_count, leg_count, origin_ip, origin_class, entry_connector, exit_connector, total_ms, total_bound_ms, is_noise,
    cause_message_key, cause_kind
from message where message_key = $message
