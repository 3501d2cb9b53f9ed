-- The log files that may hold the rows of one session, by server and time.
select f.file_id from session s join log_file f on f.first_at <= s.closed_at and f.last_at >= s.opened_at
    and (f.server is null or f.server is not distinct from s.server)
where s.session_key = $key order by f.file_id
