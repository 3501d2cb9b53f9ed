-- A tracking row of a message-id that several messages of one sender bore before 2013, with the queue entry by which its message came in.
-- Rows hang together by queue entry, the answer in SEND, the reference of a split, and the mailbox's event. Where one row of a message-id hangs on none of them, its messages stay one.
-- column first_entry: the queue entry (`SERVER#InternalId`) by which the message came in
-- grain: file_id, line_number
-- kind: temp
with recursive old_row as (
    select file_id, line_number, nullif(trim(message_id, '<> '), '') as mid, event_id, source, reference,
        upper(split_part(client_hostname, '.', 1)) as client_server, message_info, server, internal_message_id as number, nullif(regexp_extract(source_context, 'Mailbox:([^,]+), Event:([^,]+)'), '') as mailbox_event,
        case when event_id in ('SUBMIT', 'NOTIFYMAPI') then null
            else concat(case when event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') then coalesce(nullif(upper(split_part(client_hostname, '.', 1)), ''), server) else server end, '#', internal_message_id) end as node,
        regexp_extract(source_context, 'InternalId ?= ?([0-9]+)', 1) as reply_number, upper(split_part(trim(regexp_extract(source_context, 'Hostname ?= ?([^\]]+)\]', 1)), '.', 1)) as reply_server
    from tracking_event where network_message_id is null and message_id is not null
),
reused as (
    select mid from old_row where event_id = 'RECEIVE' and mid is not null and number is not null group by mid having count(distinct node) > 1
),
suspect as (
    select o.* from old_row o join reused u on u.mid = o.mid
),
entrance as (
    -- from a mailbox, or from outside: not from a server, whose own entry it would be
    select distinct s.mid, s.node, min(s.node) over (partition by s.mid, coalesce(s.mailbox_event, s.node)) as first_entry from suspect s
    where s.event_id = 'RECEIVE' and s.number is not null and (s.source = 'STOREDRIVER' or s.source = 'SMTP' and regexp_matches(s.message_info, '^[0-9A-Fa-f]{2}[^I]')
        and not exists (select 1 from suspect c where c.mid = s.mid and c.server = s.client_server))
),
passed as (
    select mid, node, concat(reply_server, '#', reply_number) as next_node from suspect where event_id in ('SEND', 'SENDEXTERNAL') and reply_number <> ''
    union
    select mid, concat(server, '#', trim(reference, '{}<> ')), node from suspect where event_id in ('TRANSFER', 'RESUBMIT')
),
come as (
    -- entries may lead back to each other
    select mid, node, first_entry, 0 as depth from entrance
    union all
    select c.mid, s.next_node, c.first_entry, c.depth + 1 from come c join passed s on s.mid = c.mid and s.node = c.node
    where c.depth < 12 and s.next_node <> c.first_entry
),
known as (
    select mid, node, min(first_entry) as first_entry from come group by mid, node having count(distinct first_entry) = 1
),
mailed as (
    select s.mid, s.mailbox_event, min(k.first_entry) as first_entry from suspect s join known k on k.mid = s.mid and k.node = s.node where s.mailbox_event is not null group by s.mid, s.mailbox_event
),
placed as (
    select s.file_id, s.line_number, s.mid, coalesce(k.first_entry, e.first_entry) as first_entry from suspect s
    left join known k on k.mid = s.mid and k.node = s.node left join mailed e on s.node is null and e.mid = s.mid and e.mailbox_event = s.mailbox_event
),
settled as (
    select mid from placed group by mid having bool_and(first_entry is not null) and count(distinct first_entry) > 1
)
select p.file_id, p.line_number, p.first_entry from placed p join settled s on s.mid = p.mid
