-- Sessions of a key or session-id.
select session_key, server, service, direction, session_id, connector_id, local_ip, local_port, remote_ip, remote_port, opened_at, closed_at,
    event_count, helo_name, tls_version, tls_cipher, auth_mechanism, auth_user, auth_failure_count, accepted_count, refused_count, message_count,
    last_reply, close_reason, longest_silence_ms, is_complete, is_noise, noise_filter
from session where session_key = $key or session_id = upper($key) order by opened_at, session_key limit $limit
