-- Rows of a long conversation that belong to a later run of its session-id: a silence of over an hour is a process restart.
-- grain: file_id, line_number
-- kind: temp
with long_row as (
    select c.conversation_number, e.date_time, e.sequence_number, e.file_id, e.line_number
    from conversation c join smtp_event e on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    where c.is_long
),
break as (
    select *, case when date_diff('microsecond', lag(date_time) over turn, date_time) > 3600000000 then 1 else 0 end as is_new_run
    from long_row
    window turn as (partition by conversation_number order by date_time, sequence_number, file_id, line_number)
),
numbered as (
    select conversation_number, file_id, line_number, cast(sum(is_new_run) over (partition by conversation_number
        order by date_time, sequence_number, file_id, line_number) as bigint) as run
    from break
)
select conversation_number, file_id, line_number, run from numbered where run > 0
