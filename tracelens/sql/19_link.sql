-- Joins of two records held to be the same hand-over, with the name of the join and its basis.
-- grain: from_kind, from_key, to_kind, to_key, join_name
-- kind: table
-- source: formats.md 4.2 (J1 to J17)
with tx as (
    select t.*, i.message_key, i.mid, t.session_key || '#' || cast(t.transaction_number as varchar) as tx_key
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
    where not t.is_shadow
),
row_key as (
    select *, concat(file_id, ':', line_number) as key from track
),
j1 as (
    select 'session' as from_kind, r.session_key as from_key, 'session' as to_kind, s.session_key as to_key, 'J1' as join_name, 'observed' as basis
    from session s join session r on s.direction = 'send' and r.direction = 'receive' and r.session_id = s.proxied_session_id
        and r.service in ('frontend', 'unknown') and coalesce(r.server, '?') = coalesce(s.server, '?')
        and r.opened_at <= s.closed_at and date_diff('second', r.opened_at, s.opened_at) < 3600
),
j2 as (
    select 'session', send_key, 'session', receive_key, join_name, 'inferred' from session_pair
),
j3 as (
    select 'session', f.session_key, 'session', h.session_key, 'J3', 'observed'
    from session h join session f on h.direction = 'receive' and f.direction = 'receive' and h.service = 'hub' and f.service = 'frontend'
        and f.session_id = h.proxied_session_id and f.remote_ip = coalesce(h.proxied_ip, f.remote_ip)
        and abs(date_diff('second', f.opened_at, h.opened_at)) < 3600
),
j4 as (
    select 'transaction', t.tx_key, 'tracking_event', r.key, 'J4', 'observed'
    from tx t join row_key r on r.event_id = 'RECEIVE' and r.source = 'SMTP' and t.direction = 'receive' and t.service <> 'frontend'
        and r.server = t.server and r.context_session = t.session_id and r.mid = t.mid
),
j5 as (
    select 'transaction', t.tx_key, 'tracking_event', concat(r.file_id, ':', r.line_number), 'J5', 'observed'
    from tx t join receipt r on t.direction = 'receive' and t.service in ('frontend', 'unknown') and r.server = t.next_server
        and r.internal_message_id = t.server_internal_id and r.mid = t.mid
),
j6 as (
    select 'transaction', t.tx_key, 'tracking_event', r.key, 'J6', 'observed'
    from tx t join row_key r on t.direction = 'send' and r.event_id in ('SEND', 'SENDEXTERNAL') and r.server = t.server
        and r.internal_message_id = t.internal_message_id and r.mid = t.mid
        and (r.server_ip = t.remote_ip or r.server_ip is null)
),
j7 as (
    select 'tracking_event', s.key, 'tracking_event', concat(r.file_id, ':', r.line_number), 'J7', 'observed'
    from row_key s join receipt r on s.event_id in ('SEND', 'SENDEXTERNAL') and r.server = s.reply_server
        and r.internal_message_id = s.reply_internal_id and r.mid = s.mid
),
j10 as (
    select 'session', s.session_key, 'tracking_event', d.key, 'J10', 'observed'
    from session s join row_key d on d.event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') and s.direction = 'receive' and s.service = 'delivery'
        and s.session_id = d.context_session and s.server = d.server and d.date_time >= s.opened_at
        and date_diff('second', s.opened_at, d.date_time) < 86400
),
j11 as (
    select 'tracking_event', s.key, 'tracking_event', d.key, 'J11', 'observed'
    from row_key s join row_key d on s.event_id = 'SEND' and d.event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER')
        and d.internal_message_id = s.internal_message_id and d.mid = s.mid and d.client_server = s.server
        and list_has_any(d.recipient_address, s.recipient_address)
),
j12 as (
    select 'tracking_event', a.key, 'tracking_event', b.key, 'J12', 'observed'
    from row_key a join row_key b on a.mailbox_guid = b.mailbox_guid and a.mailbox_event = b.mailbox_event
        and (a.event_id in ('NOTIFYMAPI', 'NOTIFYSHADOW') and b.event_id = 'RECEIVE' or a.event_id = 'RECEIVE' and b.event_id = 'SUBMIT')
),
j13 as (
    select 'tracking_event', s.key, 'tracking_event', concat(r.file_id, ':', r.line_number), 'J13', 'observed'
    from row_key s join receipt r on s.event_id = 'SUBMIT' and r.mid = s.mid and r.message_key = s.message_key and r.server = s.next_server
),
j17 as (
    select 'transaction', t.tx_key, 'message', t.message_key, 'J17', 'inferred'
    from tx t where t.mid is not null and exists (select 1 from track k where k.message_key = t.message_key)
        and not exists (select 1 from receipt r where r.server = t.next_server and r.internal_message_id = t.server_internal_id)
        and (t.direction = 'receive' or t.internal_message_id is null)
)
select distinct from_kind, from_key, to_kind, to_key, join_name, basis from (
    select * from j1 union all select * from j2 union all select * from j3 union all select * from j4 union all select * from j5 union all select * from j6
    union all select * from j7 union all select * from j10 union all select * from j11 union all select * from j12
    union all select * from j13 union all select * from j17
)
