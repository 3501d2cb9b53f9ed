-- What the store holds: rows per server, service, log and hour.
-- grain: server, service, log, hour
-- kind: table
-- basis: observed
with seen as (
    select coalesce(server, '?') as server, service, 'smtp_' || direction as log, date_trunc('hour', date_time) as hour, file_id from smtp_event
    union all
    select coalesce(server, '?'), 'transport', 'message_tracking', date_trunc('hour', date_time), file_id from tracking_event
    union all
    select coalesce(server, '?'), 'transport', 'connectivity', date_trunc('hour', date_time), file_id from connectivity_event
    union all
    select coalesce(server, '?'), 'transport', 'agent', date_trunc('hour', date_time), file_id from agent_event
    union all
    select coalesce(server, '?'), 'transport', 'queue', date_trunc('hour', date_time), file_id from queue_state
    union all
    select coalesce(server, '?'), 'cloud', 'exo_trace', date_trunc('hour', date_time), file_id from exo_trace_event
)
select server, service, log, hour, count(distinct file_id) as file_count, count(*) as event_count, 'covered' as state
from seen group by server, service, log, hour
