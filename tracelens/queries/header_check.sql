-- The Received lines of one message's headers, each with what the logs say of it, the first hand-over first.
select c.hop_number, c.state, c.reason, c.role, c.kind, c.from_host, c.from_ip, c.by_host, c.by_ip, c.said_at, c.logged_at, c.hop_key, f.path, c.line_number as line
from header_check c left join log_file f on f.file_id = c.file_id
where c.message_key = $message order by c.hop_number, c.file_id, c.line_number
