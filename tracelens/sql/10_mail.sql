-- Places of the MAIL FROM commands of each run of a conversation.
-- grain: conversation_number, run
-- kind: temp
with command as (
    select c.conversation_number, coalesce(r.run, 0) as run,
        coalesce(e.sequence_number, 0) * 10000000 + e.line_number % 10000000 as step_number
    from smtp_event e join conversation c on c.session_id is not distinct from e.session_id and c.server is not distinct from e.server
        and c.service = e.service and c.direction = e.direction
        and c.endpoint is not distinct from case when e.session_id = '0000000000000000' then coalesce(e.remote_endpoint, '?') end
    left join conversation_run r on r.file_id = e.file_id and r.line_number = e.line_number
    where e.event = case e.direction when 'receive' then '<' else '>' end and upper(left(e.data, 10)) = 'MAIL FROM:'
)
select conversation_number, run, list(step_number) as places from command group by conversation_number, run
