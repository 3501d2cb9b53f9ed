-- Candidates for joins of a protocol or agent log with tracking: J4, J5, J6, J10, J17, J18.
-- column single_key: the side that has one partner in truth; two candidates of equal strength make the link ambiguous
-- column strength: lower is stronger; only the strongest candidates of a single_key count
-- grain: from_key, to_key, join_name, strength
-- kind: temp
with tx as (
    select t.direction, t.service, t.server, t.session_id, t.server_internal_id, t.internal_message_id, t.next_server, t.remote_ip, t.is_accepted, t.accepted_recipients,
        i.message_key, i.mid, t.session_key || '#' || cast(t.transaction_number as varchar) as tx_key
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
    where not t.is_shadow
),
taken as (
    select server, context_session, mid, internal_message_id, concat(file_id, ':', line_number) as key from track where event_id = 'RECEIVE' and source = 'SMTP'
),
sent as (
    select server, mid, internal_message_id, server_ip, recipient_address, concat(file_id, ':', line_number) as key from track where event_id in ('SEND', 'SENDEXTERNAL')
),
delivered as (
    select server, context_session, date_time, concat(file_id, ':', line_number) as key from track where event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER')
),
j4 as (
    -- receive session and RECEIVE row by session-id; the queue entry tells two messages of one session apart
    select 'transaction' as from_kind, t.tx_key as from_key, 'tracking_event' as to_kind, r.key as to_key, 'J4' as join_name, 'observed' as basis,
        r.key as single_key, case when t.server_internal_id = r.internal_message_id then 0 when t.server_internal_id is null then 1 else 2 end as strength
    from tx t join taken r on t.direction = 'receive' and t.service <> 'frontend'
        and r.server = t.server and r.context_session = t.session_id and r.mid is not distinct from t.mid
),
j5 as (
    -- the front end's final reply names the queue entry of the hub
    select 'transaction', t.tx_key, 'tracking_event', concat(r.file_id, ':', r.line_number), 'J5', 'observed', t.tx_key, 0
    from tx t join receipt r on t.direction = 'receive' and t.service in ('frontend', 'unknown') and r.server = t.next_server
        and r.internal_message_id = t.server_internal_id and r.mid is not distinct from t.mid
),
j6 as (
    -- the send session names the queue entry of the SEND row
    select 'transaction', t.tx_key, 'tracking_event', r.key, 'J6', 'observed', r.key,
        case when not t.is_accepted then 2 when list_has_any(t.accepted_recipients, r.recipient_address) then 0 else 1 end
    from tx t join sent r on t.direction = 'send' and r.server = t.server
        and r.internal_message_id = t.internal_message_id and r.mid is not distinct from t.mid
        and (r.server_ip = t.remote_ip or r.server_ip is null)
),
j10 as (
    -- delivery session and DELIVER row by session-id
    select 'session', s.session_key, 'tracking_event', d.key, 'J10', 'observed', d.key, case when d.date_time <= s.closed_at then 0 else 1 end
    from session s join delivered d on s.direction = 'receive' and s.service = 'delivery'
        and s.session_id = d.context_session and s.server = d.server and d.date_time >= s.opened_at
        and date_diff('second', s.opened_at, d.date_time) < 86400
),
candidate as (
    select mid, message_key from track where mid is not null and message_key is not null group by mid, message_key
),
j17 as (
    -- fallback: the message-id alone
    select 'transaction', t.tx_key, 'message', c.message_key, 'J17', 'inferred', t.tx_key, case when c.message_key = t.message_key then 0 else 1 end
    from tx t join candidate c on c.mid = t.mid
    where (t.direction = 'receive' or t.internal_message_id is null)
        and not exists (select 1 from receipt r where r.server = t.next_server and r.internal_message_id = t.server_internal_id)
),
agent as (
    select *, concat(file_id, ':', line_number) as key from agent_event
),
j18_session as (
    -- agent log and receive session by session-id
    select 'agent_event', a.key, 'session', s.session_key, 'J18', 'observed', a.key,
        case when a.date_time between s.opened_at and s.closed_at then 0 else 1 end
    from agent a join session s on s.direction = 'receive' and s.session_id = a.session_id and s.server = a.server
        and abs(date_diff('second', s.opened_at, a.date_time)) < 86400
),
j18_message as (
    -- agent log and message by network-message-id (2016 and later)
    select distinct 'agent_event', a.key, 'message', k.message_key, 'J18', 'observed', a.key || '>message', 0
    from agent a join track k on k.network_message_id = lower(trim(a.network_msg_id))
)
select * from j4 union all select * from j5 union all select * from j6 union all select * from j10 union all select * from j17
union all select * from j18_session union all select * from j18_message
