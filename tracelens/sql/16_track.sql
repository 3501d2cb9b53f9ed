-- Tracking rows with the key of their message: network-message-id where known, else message-id, else the queue entry.
-- grain: file_id, line_number
-- kind: temp
with row_id as (
    select *, nullif(trim(message_id, '<> '), '') as mid,
        nullif(regexp_extract(source_context, 'MDB:([^,]+), Mailbox:([^,]+), Event:([^,]+)', 2), '') as mailbox_guid,
        nullif(regexp_extract(source_context, 'Event:([0-9]+)', 1), '') as mailbox_event
    from tracking_event
),
known as (
    -- one message-id on two messages: two network-message-ids, or, before 2013, two senders, or two ways in
    select mid, min(network_message_id) as nmid, count(distinct network_message_id) as copy_count, count(distinct lower(sender_address)) as sender_count
    from row_id where mid is not null group by mid
),
submitted as (
    select r.mailbox_guid, r.mailbox_event, min(coalesce(r.network_message_id, 'id:' || r.mid || case when k.copy_count = 0 then coalesce('#' || u.first_entry, '') else '' end)) as message_key, min(r.mid) as mid
    from row_id r left join known k on k.mid = r.mid and r.network_message_id is null left join reused_id u on u.file_id = r.file_id and u.line_number = r.line_number
    where r.mailbox_guid is not null and r.mid is not null and r.event_id in ('RECEIVE', 'SUBMIT') group by r.mailbox_guid, r.mailbox_event
)
select r.file_id, r.line_number, r.server, r.date_time, r.client_ip, r.client_hostname, r.server_ip, r.server_hostname, r.source_context,
    r.connector_id, r.source, r.event_id, r.internal_message_id, coalesce(r.mid, s.mid) as mid, r.network_message_id, r.recipient_address, r.recipient_status,
    r.total_bytes, r.related_recipient_address, r.reference, r.message_subject, r.sender_address, r.return_path, r.message_info,
    r.directionality, r.original_client_ip, r.original_server_ip, r.custom_data, r.mailbox_guid, r.mailbox_event,
    upper(split_part(r.client_hostname, '.', 1)) as client_server, upper(split_part(r.server_hostname, '.', 1)) as next_server,
    split_part(r.source_context, ';', 1) as context_session,
    coalesce(r.network_message_id, case when k.copy_count = 1 then k.nmid end,
        'id:' || r.mid || case when k.copy_count = 0 and u.first_entry is not null then '#' || u.first_entry when k.copy_count = 0 and k.sender_count > 1 and r.sender_address is not null then '#' || lower(r.sender_address) else '' end,
        s.message_key,
        case when r.internal_message_id is not null and coalesce(r.mailbox_guid, '') = '' then concat('queue:',
            case when r.event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') then coalesce(nullif(upper(split_part(r.client_hostname, '.', 1)), ''), r.server) else r.server end,
            '#', r.internal_message_id) end) as message_key,
    try_cast(coalesce(nullif(regexp_extract(r.source_context, 'InternalId ?= ?([0-9]+)', 1), ''), regexp_extract(r.source_context, 'InternalId ?= ?[^\],]+, ?Hostname ?= ?([0-9]+)\]', 1)) as bigint) as reply_internal_id,
    -- a hub of 2007 or 2010 answers with its number alone: the row says which server it is
    coalesce(nullif(upper(split_part(trim(regexp_extract(r.source_context, 'Hostname ?= ?([^\]]+)\]', 1)), '.', 1)), ''),
        case when r.event_id in ('SEND', 'SENDEXTERNAL') and contains(r.source_context, 'InternalId') then nullif(upper(split_part(r.server_hostname, '.', 1)), '') end) as reply_server,
    lower(coalesce(r.sender_address, '') || ' ' || array_to_string(r.recipient_address, ' ')) like '%healthmailbox%'
        or lower(array_to_string(r.recipient_address, ' ')) like '%inboundproxy@%' as is_noise
from row_id r
left join known k on k.mid = r.mid and r.network_message_id is null
left join reused_id u on u.file_id = r.file_id and u.line_number = r.line_number
left join submitted s on r.mid is null and s.mailbox_guid = r.mailbox_guid and s.mailbox_event = r.mailbox_event
