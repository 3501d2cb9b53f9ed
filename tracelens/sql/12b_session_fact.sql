-- What the rows of one session have in common: endpoints, connector, times, first and last row.
-- grain: session_number
-- kind: part
-- by: conversation
with placed as (
    select c.conversation_number * 10000 + coalesce(r.run, 0) as session_number, e.connector_id, e.local_ip, e.local_port, e.remote_ip, e.remote_port,
        e.date_time, e.event, coalesce(e.sequence_number, 0) * 10000000 + e.line_number % 10000000 as step_number, e.file_id, e.line_number
    from smtp_event e join conversation c on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    left join conversation_run r on r.file_id = e.file_id and r.line_number = e.line_number
),
part as (
    select session_number, connector_id, max(local_ip) as local_ip, max(local_port) as local_port, max(remote_ip) as remote_ip, max(remote_port) as remote_port,
        min(date_time) as opened_at, max(date_time) as closed_at, count(*) as event_count, bool_or(event = '+') as is_opened, bool_or(event = '-') as is_closed,
        min({step: step_number, file_id: file_id, line_number: line_number}) as first_row,
        max({step: step_number, file_id: file_id, line_number: line_number}) as last_row
    from placed group by session_number, connector_id
),
facts as (
    -- the connector that most rows name: a masked copy may name it differently from row to row
    select session_number, min(case when connector_id is not null then {rank: -event_count, name: connector_id} end).name as connector_id,
        max(local_ip) as local_ip, max(local_port) as local_port, max(remote_ip) as remote_ip, max(remote_port) as remote_port,
        min(opened_at) as opened_at, max(closed_at) as closed_at, cast(sum(event_count) as bigint) as event_count, bool_or(is_opened) and bool_or(is_closed) as is_complete,
        min(first_row) as first_row, max(last_row) as last_row
    from part group by session_number
)
select * from facts
