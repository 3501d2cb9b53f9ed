-- Candidates for joins of tracking rows with each other, with their cause and with Exchange Online: J7, J11 to J16.
-- column single_key: the side that has one partner in truth; two candidates of equal strength make the link ambiguous
-- column strength: lower is stronger; only the strongest candidates of a single_key count
-- grain: from_key, to_key, join_name, strength
-- kind: temp
with row_key as (
    select server, date_time, event_id, source, message_key, mid, internal_message_id, recipient_address, client_server, next_server, mailbox_guid, mailbox_event,
        reply_server, reply_internal_id, concat(file_id, ':', line_number) as key, nullif(trim(reference, '{}<> '), '') as cause,
        case when event_id = 'HAREDIRECT' then upper(split_part(regexp_extract(source_context, '^([^= ]+)', 1), '.', 1)) end as shadow_server
    from track
    where event_id in ('SEND', 'SENDEXTERNAL', 'DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER', 'NOTIFYMAPI', 'NOTIFYSHADOW', 'RECEIVE', 'SUBMIT',
        'HAREDIRECT', 'HARECEIVE', 'TRANSFER', 'DSN', 'FAIL', 'RESUBMIT')
),
delivered as (
    select key, message_key, internal_message_id, client_server, recipient_address from row_key where event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER')
),
j7 as (
    -- the reply in a SEND row names the queue entry of the next RECEIVE
    select 'tracking_event' as from_kind, s.key as from_key, 'tracking_event' as to_kind, concat(r.file_id, ':', r.line_number) as to_key, 'J7' as join_name,
        'observed' as basis, s.key as single_key, 0 as strength
    from row_key s join receipt r on s.event_id in ('SEND', 'SENDEXTERNAL') and r.server = s.reply_server
        and r.internal_message_id = s.reply_internal_id and r.mid is not distinct from s.mid
),
j11 as (
    -- SEND and DELIVER carry the same queue entry
    select 'tracking_event', s.key, 'tracking_event', d.key, 'J11', 'observed', d.key, 0
    from row_key s join delivered d on s.event_id = 'SEND'
        and d.internal_message_id = s.internal_message_id and d.message_key = s.message_key and d.client_server = s.server
        and list_has_any(d.recipient_address, s.recipient_address)
),
j12 as (
    -- the steps of one submission carry the same mailbox and event number
    select 'tracking_event', a.key, 'tracking_event', b.key, 'J12', 'observed', b.key, case when a.server = b.server then 0 else 1 end
    from row_key a join row_key b on a.mailbox_guid = b.mailbox_guid and a.mailbox_event = b.mailbox_event
        and (a.event_id in ('NOTIFYMAPI', 'NOTIFYSHADOW') and b.event_id = 'RECEIVE' or a.event_id = 'RECEIVE' and b.event_id = 'SUBMIT')
),
j13 as (
    -- SUBMIT names the hub that has the RECEIVE
    select 'tracking_event', s.key, 'tracking_event', concat(r.file_id, ':', r.line_number), 'J13', 'observed', s.key,
        case when r.source in ('SMTP', 'STOREDRIVER') then 0 else 1 end
    from row_key s join receipt r on s.event_id = 'SUBMIT' and r.message_key = s.message_key and r.server = s.next_server
),
j14 as (
    -- the primary names the shadow server and its number; vendor writes the two the wrong way round
    select 'tracking_event', p.key, 'tracking_event', h.key, 'J14', 'observed', p.key, 0
    from row_key p join row_key h on p.event_id = 'HAREDIRECT' and h.event_id = 'HARECEIVE' and h.internal_message_id = p.reply_internal_id
        and h.server = p.shadow_server and h.message_key = p.message_key
),
entry as (
    -- rows that put a message into a queue of this server
    select key, server, internal_message_id, message_key from row_key where event_id in ('RECEIVE', 'TRANSFER', 'RESUBMIT', 'DSN') and internal_message_id is not null
),
j15_fork as (
    -- a fork names the queue entry it came from
    select 'tracking_event', c.key, 'tracking_event', p.key, 'J15', 'observed', c.key, 0
    from row_key c join entry p on c.event_id in ('TRANSFER', 'RESUBMIT') and p.server = c.server
        and p.internal_message_id = try_cast(c.cause as bigint) and p.message_key = c.message_key and p.key <> c.key
),
j15_failure as (
    -- the failed recipient's row names the report
    select 'tracking_event', d.key, 'tracking_event', f.key, 'J15', 'observed', cast(null as varchar), 0
    from row_key d join row_key f on d.event_id = 'DSN' and f.event_id = 'FAIL' and f.cause = d.mid
),
child as (
    select c.key, c.cause, c.message_key, c.server, c.event_id, c.date_time from row_key c
    where c.cause is not null and c.message_key is not null and (c.event_id = 'DSN' or c.event_id = 'RECEIVE' and c.source <> 'SMTP')
),
named as (
    select distinct mid, message_key from track where mid is not null and message_key is not null
),
queued as (
    -- a queue entry as long as it is seen: numbers come again after a restart
    select server, internal_message_id, message_key, min(date_time) as first_at, max(date_time) as last_at from track
    where internal_message_id is not null and message_key is not null and event_id <> 'SUBMIT' group by server, internal_message_id, message_key
),
behind as (
    -- what bore that number on that server then: the last to get it before
    select c.key, c.message_key, max({moment: q.first_at, message_key: q.message_key, last_at: q.last_at}) as entry
    from child c join queued q on q.server = c.server and q.internal_message_id = try_cast(c.cause as bigint) and q.first_at <= c.date_time + interval 1 second
    group by c.key, c.message_key
),
reported as (
    select distinct cause, message_key from row_key where event_id = 'FAIL' and cause is not null
),
j15_cause as (
    -- a report, journal copy or rule copy names the message that caused it: by message-id, or by queue entry
    select 'tracking_event', c.key, 'message', n.message_key, 'J15', 'observed', c.key || '>message', case when f.message_key is not null then 0 else 1 end
    from child c join named n on n.mid = c.cause and n.message_key <> c.message_key
    left join named own on own.message_key = c.message_key
    left join reported f on f.cause = own.mid and f.message_key = n.message_key
    union
    select 'tracking_event', b.key, 'message', b.entry.message_key, 'J15', case when b.entry.last_at >= c.date_time - interval 1 hour then 'observed' else 'inferred' end, b.key || '>message', 0
    from behind b join child c on c.key = b.key where b.entry.message_key <> b.message_key
),
j16 as (
    -- Exchange Online names the message by its message-id
    select distinct 'exo_trace_event', concat(x.file_id, ':', x.line_number), 'message', n.message_key, 'J16', 'inferred', concat(x.file_id, ':', x.line_number), 0
    from exo_trace_event x join named n on n.mid = nullif(trim(x.message_id, '<> '), '')
)
select * from j7 union all select * from j11 union all select * from j12 union all select * from j13 union all select * from j14
union all select * from j15_fork union all select * from j15_failure union all select * from j15_cause union all select * from j16
