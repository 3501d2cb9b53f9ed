-- Rows that belong to a later run of their session-id: a silence of over an hour, or numbers that start anew with a second opening, is a process restart.
-- grain: file_id, line_number
-- kind: temp
with mixed_row as (
    select c.conversation_number, c.open_count, e.date_time, e.sequence_number, e.file_id, e.line_number
    from conversation_span c join smtp_event e on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    where c.may_repeat
),
break as (
    select *, case when date_diff('microsecond', lag(date_time) over turn, date_time) > 3600000000
            or open_count > 1 and sequence_number = 0 and lag(sequence_number) over turn > 0 and lag(date_time) over turn < date_time then 1 else 0 end as is_new_run
    from mixed_row
    window turn as (partition by conversation_number order by date_time, sequence_number, file_id, line_number)
),
numbered as (
    select conversation_number, file_id, line_number, cast(sum(is_new_run) over (partition by conversation_number
        order by date_time, sequence_number, file_id, line_number) as bigint) as run
    from break
)
select conversation_number, file_id, line_number, run from numbered where run > 0
