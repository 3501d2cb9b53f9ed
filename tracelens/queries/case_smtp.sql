-- Protocol log rows of the given conversations and of the log rows behind the given findings and messages.
with chosen as (
-- include: named_row
),
talk as (
    select * from session where list_contains($sessions, session_key)
)
select t.session_key, s.file_id, s.line_number, s.server, s.service, s.direction, s.date_time, s.connector_id, s.session_id, s.sequence_number,
    s.local_endpoint, s.remote_endpoint, s.event, s.data, s.context, c.file_id is not null as is_evidence
from smtp_event s
left join talk t on t.session_id = s.session_id and t.server is not distinct from s.server and t.service = s.service and t.direction = s.direction
    and s.date_time between t.opened_at and t.closed_at
left join chosen c on c.file_id = s.file_id and c.line_number = s.line_number
where s.date_time between $since and $until and (t.session_key is not null or c.file_id is not null)
order by t.opened_at nulls last, t.session_key, s.sequence_number, s.date_time, s.file_id, s.line_number
limit $limit
