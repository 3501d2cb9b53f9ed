-- The given log files: name, content hash, and what became of their lines.
select file_id, path, server, service, format, state, size_bytes, line_count, event_count, reject_count, first_at, last_at, content_hash
from log_file where list_contains($files, file_id) order by path
