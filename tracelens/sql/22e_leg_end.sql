-- How the branch of a message towards one recipient ended as the logs tell it, by its most telling row.
-- column best: the row with the lowest rank, the latest of several; rank: what it means, see leg
-- grain: message_key, address
-- kind: temp
-- by: message
with receipt_node as (
    select distinct message_key, server, internal_message_id from receipt
),
row_recipient as (
    select t.*, lower(r.address) as address, t.recipient_status[r.position] as status_text, n.server is not null as has_receipt,
        o.server is not null as is_next_ours, q.server is not null as is_reply_ours
    from track t, lateral (select unnest(t.recipient_address) as address, generate_subscripts(t.recipient_address, 1) as position) r
    left join receipt_node n on n.message_key = t.message_key and n.server = t.reply_server and n.internal_message_id = t.reply_internal_id
    left join our_server o on o.server = t.next_server
    left join our_server q on q.server = t.reply_server
    where t.message_key is not null and t.event_id not in ('HAREDIRECT', 'HAREDIRECTFAIL', 'HARECEIVE', 'HADISCARD', 'NOTIFYMAPI', 'NOTIFYSHADOW')
),
fate as (
    -- who is redirected may keep a copy; one row may hold recipients of different fates: the status of each counts
    select r.message_key, r.address, r.date_time, r.file_id, r.line_number, concat(r.server, '#', r.internal_message_id) as node,
        case when r.event_id in ('DELIVER', 'SEND', 'SENDEXTERNAL', 'DUPLICATEDELIVER') and starts_with(coalesce(r.status_text, ''), '5') then 5
            when r.event_id in ('DELIVER', 'SEND', 'SENDEXTERNAL') and starts_with(coalesce(r.status_text, ''), '4') then 8
            when r.event_id = 'DELIVER' or r.event_id = 'DELIVERFAIL' and starts_with(coalesce(r.status_text, ''), '2') then 1 when r.event_id = 'DUPLICATEDELIVER' then 2
            when r.event_id in ('SEND', 'SENDEXTERNAL') and (r.has_receipt or r.is_reply_ours and r.reply_internal_id is not null) then 12
            when r.event_id = 'SEND' and r.source_context like '%[Hostname=%' and (r.is_next_ours or contains(r.connector_id, 'Intra-Organization')) then 4
            when r.event_id in ('SEND', 'SENDEXTERNAL') then 3
            when r.event_id = 'DELIVERFAIL' and starts_with(coalesce(r.status_text, ''), '4') then 8
            when r.event_id in ('FAIL', 'BADMAIL', 'DELIVERFAIL', 'MODERATORREJECT', 'MODERATIONEXPIRE', 'MODERATORSALLNDR', 'SUBMITFAIL', 'RESUBMITFAIL') then 5
            when r.event_id = 'POISONMESSAGE' then 6 when r.event_id = 'DROP' then 7
            when r.event_id in ('DEFER', 'SUBMITDEFER', 'RESUBMITDEFER') then 8 else 12 end as rank,
        case when r.event_id in ('DELIVERFAIL', 'FAIL', 'DEFER') or r.status_text like '4%' or r.status_text like '5%' then coalesce(r.status_text, r.source_context)
            when r.event_id in ('MODERATORREJECT', 'MODERATIONEXPIRE', 'MODERATORSALLNDR', 'INITMESSAGECREATED') then lower(r.event_id) end as reason
    from row_recipient r
    union all
    select t.message_key, lower(trim(a.address)), t.date_time, t.file_id, t.line_number, concat(t.server, '#', t.internal_message_id), case when t.event_id = 'EXPAND' then 0 else 1.5 end, null
    from track t, lateral (select unnest(string_split(t.related_recipient_address, ';')) as address) a
    where t.event_id in ('EXPAND', 'REDIRECT') and t.message_key is not null and coalesce(t.related_recipient_address, '') <> ''
    union all
    -- it waits in a queue in retry
    select message_key, address, ended_at, evidence[1].file_id, evidence[1].line_number, from_node, 8, reply_text from queue_part
),
wire_tx as (
    select i.message_key, t.direction, t.service, t.is_accepted, t.remote_port, t.reply_code, t.reply_text, t.server_auth, t.ended_at, t.recipients, t.accepted_recipients,
        t.refused_recipients, t.refusals, t.evidence[1].file_id as file_id, t.evidence[1].line_number as line_number, t.direction = 'send' and t.service in ('hub', 'edge') as is_out, i.basis as identity_basis,
        -- a Front End keeps nothing: what it answers is the answer of the system outside
        t.direction = 'send' and t.service = 'frontend' and t.remote_port not in (2525, 465) as is_front_out,
        -- and what a hub of ours answers it is answered to the client
        t.direction = 'receive' or t.service = 'frontend' and t.remote_port in (2525, 465) as is_to_client,
        -- a hub of 2010 does not say its name; the connector between servers leads to ours
        t.server_internal_id is not null and (o.server is not null or t.next_server is null and contains(coalesce(t.connector_id, ''), 'Intra-Organization')) as is_next_ours
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
    left join our_server o on o.server = t.next_server
    where not t.is_shadow
),
wire as (
    select t.message_key, lower(a.address) as address, t.ended_at as date_time, t.file_id, t.line_number, cast(null as varchar) as node,
        case when t.is_out and t.is_accepted and t.remote_port = 475 then 4
            when (t.is_out or t.is_front_out and t.identity_basis = 'observed') and t.is_accepted and not t.is_next_ours then 3
            when t.is_out and t.reply_code >= 500 then 5
            when t.is_out and t.reply_code between 400 and 499 then 8
            when t.direction = 'receive' and t.is_accepted and t.service = 'delivery' then 4
            when t.direction = 'receive' and t.is_accepted then 13
            when t.direction = 'receive' and t.reply_code >= 400 and not (t.server_auth and t.service = 'hub') then 9 else 13 end as rank,
        case when not t.is_accepted then t.reply_text end as reason
    from wire_tx t, lateral (select unnest(t.accepted_recipients) as address) a
    union all
    select t.message_key, lower(f.recipient), t.ended_at, t.file_id, t.line_number, null,
        case when t.is_to_client then 9 when starts_with(f.reply, '4') then 8 else 5 end, f.reply
    from wire_tx t, lateral (select unnest(t.refusals, recursive := true)) f(recipient, reply)
    where not (t.direction = 'receive' and t.server_auth and t.service <> 'frontend')
    union all
    -- the answer to the envelope sender refused the whole transaction, or no answer came
    select t.message_key, lower(a.address), t.ended_at, t.file_id, t.line_number, null,
        case when t.is_to_client and t.reply_code >= 400 then 9 when t.direction = 'send' and t.reply_code >= 400 and t.reply_code < 500 then 8
            when t.direction = 'send' and t.reply_code >= 500 then 5 else 13 end, t.reply_text
    from wire_tx t, lateral (select unnest(t.recipients) as address) a
    where t.accepted_recipients = [] and t.refused_recipients = [] and not (t.direction = 'receive' and t.server_auth and t.service <> 'frontend')
),
copied as (
    -- of a message without a hand-over its shadow copy still names the recipients
    select t.message_key, lower(a.address) as address, t.date_time, t.file_id, t.line_number, cast(null as varchar) as node, 13 as rank,
        case when t.event_id = 'HADISCARD' then 'only its shadow copy is here; that was discarded, as the server that had the message reported it passed on'
            else 'only its shadow copy is here' end as reason
    from track t, lateral (select unnest(t.recipient_address) as address) a
    where t.event_id in ('HARECEIVE', 'HADISCARD', 'HAREDIRECT', 'HAREDIRECTFAIL') and t.message_key is not null and not exists (select 1 from hop h where h.message_key = t.message_key)
    union all
    select i.message_key, lower(a.address), t.ended_at, t.evidence[1].file_id, t.evidence[1].line_number, null, 13, 'only its shadow copy is here'
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number,
        lateral (select unnest(t.accepted_recipients) as address) a
    where t.is_shadow and i.mid is not null and not exists (select 1 from hop h where h.message_key = i.message_key)
)
select message_key, address, min({rank: cast(rank as double), later: -epoch_us(date_time), reason: coalesce(reason, ''), moment: date_time, file_id: file_id, line_number: line_number, node: node, is_told: false}) as best
from (select * from fate union all select * from wire union all select * from copied) where address is not null and address <> '' group by message_key, address
