-- Silences inside sessions, the longest first: the command that waited and who was to speak; of one session, or of all.
with chosen as (
    select * from session where ($key = '' and not is_noise or session_key = $key) and longest_silence_ms >= $silence
),
-- include: silence
select t.session_key, t.server, t.service, t.direction, t.connector_id, t.remote_ip, t.quiet_from, t.silence_ms, t.waited_command, t.waited_for, f.path, t.line_number as line
from silence t left join log_file f on f.file_id = t.file_id
where t.silence_ms >= $silence
order by t.silence_ms desc, t.session_key, t.sequence_number limit $limit
