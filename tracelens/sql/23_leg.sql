-- The branch of a message towards one recipient, with its final status.
-- grain: message_key, leg_key
-- kind: table
-- basis: observed, or reported where only a cloud trace or a report tells the end
with our_server as (
    select distinct server from track where server is not null
),
receipt_node as (
    select distinct message_key, server, internal_message_id from receipt
),
row_recipient as (
    select t.*, lower(r.address) as address, t.recipient_status[r.position] as status_text
    from track t, lateral (select unnest(t.recipient_address) as address, generate_subscripts(t.recipient_address, 1) as position) r
    where t.message_key is not null and t.event_id not in ('HAREDIRECT', 'HAREDIRECTFAIL', 'HARECEIVE', 'HADISCARD', 'NOTIFYMAPI', 'NOTIFYSHADOW')
),
fate as (
    select r.message_key, r.address, r.date_time, r.file_id, r.line_number,
        case when r.event_id = 'DELIVER' then 1 when r.event_id = 'DUPLICATEDELIVER' then 2
            when r.event_id in ('SEND', 'SENDEXTERNAL') and exists (select 1 from receipt_node n where n.message_key = r.message_key
                and n.server = r.reply_server and n.internal_message_id = r.reply_internal_id) then 12
            when r.event_id = 'SEND' and (r.source_context like '%[Hostname=%' and (r.next_server in (select server from our_server) or contains(r.connector_id, 'Intra-Organization'))) then 4
            when r.event_id in ('SEND', 'SENDEXTERNAL') then 3
            when r.event_id in ('FAIL', 'BADMAIL', 'DELIVERFAIL') then 5
            when r.event_id = 'POISONMESSAGE' then 6 when r.event_id = 'DROP' then 7
            when r.event_id in ('DEFER', 'SUBMITDEFER') then 8 else 12 end as rank,
        case when r.event_id = 'DELIVERFAIL' or r.event_id = 'FAIL' or r.event_id = 'DEFER' then coalesce(r.status_text, r.source_context) end as reason
    from row_recipient r
    union all
    select t.message_key, lower(trim(a.address)), t.date_time, t.file_id, t.line_number, case when t.event_id = 'EXPAND' then 0 else 2 end + 0, null
    from track t, lateral (select unnest(string_split(t.related_recipient_address, ';')) as address) a
    where t.event_id = 'EXPAND' and t.message_key is not null and coalesce(t.related_recipient_address, '') <> ''
    union all
    select t.message_key, lower(trim(a.address)), t.date_time, t.file_id, t.line_number, -1, null
    from track t, lateral (select unnest(string_split(t.related_recipient_address, ';')) as address) a
    where t.event_id = 'REDIRECT' and t.message_key is not null and coalesce(t.related_recipient_address, '') <> ''
),
wire as (
    select i.message_key, lower(a.address) as address, t.ended_at as date_time, t.evidence[1].file_id as file_id, t.evidence[1].line_number as line_number,
        case when t.direction = 'send' and t.service in ('hub', 'edge') and t.is_accepted and t.remote_port = 475 then 4
            when t.direction = 'send' and t.service in ('hub', 'edge') and t.is_accepted and t.remote_port <> 717 and (t.server_internal_id is null or t.next_server not in (select server from our_server)) then 3
            when t.direction = 'send' and t.service in ('hub', 'edge') and t.reply_code >= 500 then 5
            when t.direction = 'send' and t.service in ('hub', 'edge') and t.reply_code between 400 and 499 then 8
            when t.direction = 'receive' and t.is_accepted then 13
            when t.direction = 'receive' and t.reply_code >= 400 and not (t.server_auth and t.service = 'hub') then 9 else 13 end as rank,
        case when not t.is_accepted then t.reply_text end as reason
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number,
        lateral (select unnest(t.accepted_recipients) as address) a
    where not t.is_shadow
    union all
    select i.message_key, lower(f.recipient), t.ended_at, t.evidence[1].file_id, t.evidence[1].line_number,
        case when t.direction = 'receive' then 9 when starts_with(f.reply, '4') then 8 else 5 end, f.reply
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number,
        lateral (select unnest(t.refusals, recursive := true)) f(recipient, reply)
    where not t.is_shadow and not (t.direction = 'receive' and t.server_auth and t.service <> 'frontend')
    union all
    -- the answer to the envelope sender refused the whole transaction, or no answer came
    select i.message_key, lower(a.address), t.ended_at, t.evidence[1].file_id, t.evidence[1].line_number,
        case when t.direction = 'receive' and t.reply_code >= 400 then 9 when t.direction = 'send' and t.reply_code >= 400 and t.reply_code < 500 then 8
            when t.direction = 'send' and t.reply_code >= 500 then 5 else 13 end, t.reply_text
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number,
        lateral (select unnest(t.recipients) as address) a
    where not t.is_shadow and t.accepted_recipients = [] and t.refused_recipients = [] and not (t.direction = 'receive' and t.server_auth and t.service <> 'frontend')
),
cloud as (
    -- what a cloud trace or a report tells counts where our logs saw the message leave, or no end at all
    select t.message_key, t.address, t.moment as date_time, t.file_id, t.line_number, case t.status when 'redirected' then -1.0 when 'expanded' then 0.0 when 'delivered' then 1.0
            when 'duplicate' then 2.0 when 'failed' then 2.1 when 'quarantined' then 2.2 when 'dropped' then 2.3 when 'deferred' then 2.4 when 'relayed' then 2.5
            when 'in transit' then 2.6 else 13.0 end as rank, t.reason
    from told_leg t left join (select message_key, address, min(rank) as rank from (select message_key, address, rank from fate union all select message_key, address, rank from wire)
        where message_key in (select message_key from told_leg) group by message_key, address) f on f.message_key = t.message_key and f.address = t.address
    where coalesce(f.rank, 13) in (3, 8, 12, 13)
),
best as (
    select message_key, address, min({rank: case when rank < 1 then rank else rank end, later: -epoch_us(date_time), reason: coalesce(reason, ''), moment: date_time, file_id: file_id, line_number: line_number}) as best
    from (select * from fate union all select * from wire union all select * from cloud) where address is not null and address <> '' group by message_key, address
),
replaced as (
    -- a proxy address that was resolved is the same recipient under another name
    select distinct message_key, lower(related_recipient_address) as old_address from track
    where event_id = 'RESOLVE' and related_recipient_address is not null and lower(related_recipient_address) <> lower(recipient_address[1])
),
opened as (
    select message_key, min(moment) as moment from (
        select message_key, date_time as moment from track union all
        select i.message_key, t.started_at from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number)
    group by message_key
),
hops as (
    select message_key, list(hop_key order by hop_number) as hop_keys from hop group by message_key
)
select b.message_key, md5(concat_ws('|', b.message_key, b.address)) as leg_key, b.address as recipient_address,
    case b.best.rank when -1 then 'redirected' when 0 then 'expanded' when 1 then 'delivered' when 2 then 'duplicate' when 3 then 'relayed' when 4 then 'delivered'
        when 2.1 then 'failed' when 2.2 then 'quarantined' when 2.3 then 'dropped' when 2.4 then 'deferred' when 2.5 then 'relayed' when 2.6 then 'in transit'
        when 5 then 'failed' when 6 then 'quarantined' when 7 then 'dropped' when 8 then 'deferred' when 9 then 'refused' when 12 then 'in transit' else 'unknown' end as status,
    b.best.moment as final_at,
    case when b.best.rank < 12 and b.best.moment >= o.moment then cast(floor(date_diff('microsecond', o.moment, b.best.moment) / 1000) as bigint) end as total_ms,
    nullif(regexp_extract(b.best.reason, '([245]\.[0-9]{1,3}\.[0-9]{1,3})', 1), '') as reason_code, nullif(b.best.reason, '') as reason_text,
    coalesce(h.hop_keys, []) as hop_keys, [struct_pack(file_id := b.best.file_id, line_number := b.best.line_number)] as evidence,
    case when c.address is not null and c.file_id = b.best.file_id and c.line_number = b.best.line_number then 'reported' else 'observed' end as basis
from best b left join told_leg c on c.message_key = b.message_key and c.address = b.address left join opened o on o.message_key = b.message_key left join hops h on h.message_key = b.message_key
left join replaced r on r.message_key = b.message_key and r.old_address = b.address
where r.old_address is null
