-- The SMTP conversations that the log rows behind the given messages and findings stand in. `since` and `until` only spare reading other days.
with chosen as (
-- include: named_row
),
spoken as (
    select s.server, s.service, s.direction, s.session_id, s.remote_ip, s.date_time from smtp_event s
    join chosen c on c.file_id = s.file_id and c.line_number = s.line_number
    where s.date_time between $since and $until
)
select x.session_key, x.server, x.service, x.direction, x.session_id, x.connector_id, x.local_ip, x.local_port, x.remote_ip, x.remote_port, x.opened_at, x.closed_at,
    x.event_count, x.helo_name, x.tls_version, x.tls_cipher, x.auth_mechanism, x.auth_user, x.auth_failure_count, x.accepted_count, x.refused_count, x.message_count,
    x.last_reply, x.close_reason, x.longest_silence_ms, x.is_complete, x.is_noise
from session x
where exists (select 1 from spoken s where s.session_id = x.session_id and s.server is not distinct from x.server and s.service = x.service
    and s.direction = x.direction and s.date_time between x.opened_at and x.closed_at)
order by x.opened_at, x.session_key
limit $limit
