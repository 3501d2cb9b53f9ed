-- One id of a conversation on one server: session-ids are unique per server, service and direction only.
-- column may_repeat: it lasts over an hour or opens more than once: a process that restarts may give its ids again
-- column row_count: its rows in the logs
-- grain: conversation_number
-- kind: temp
with named as (
    select server, service, direction, session_id, date_time, case when event = '+' then 1 else 0 end as opens,
        case when session_id = '0000000000000000' then coalesce(remote_endpoint, '?') end as endpoint
    from smtp_event
),
grouped as (
    select server, service, direction, session_id, endpoint, min(date_time) as first_at, max(date_time) as last_at, cast(sum(opens) as bigint) as open_count,
        count(*) as row_count
    from named group by server, service, direction, session_id, endpoint
)
select row_number() over (order by server, service, direction, session_id, endpoint) as conversation_number,
    concat_ws('|', coalesce(server, '?'), service, direction, coalesce(session_id, '?'), endpoint) as base_key,
    server, service, direction, session_id, endpoint, date_diff('microsecond', first_at, last_at) > 3600000000 or open_count > 1 as may_repeat, open_count,
    first_at, last_at, row_count
from grouped
