-- A tracking row of a message that was sent on, with where its queue entry went.
-- column is_sure: the row itself, or one it names, says so
-- grain: file_id, line_number
-- kind: temp
-- by: message
with wired as (
    select queue_node, message_key, max(remote_port) as remote_port, remote_ip from carried
    where direction = 'send' and service in ('hub', 'edge') and queue_node is not null group by queue_node, message_key, remote_ip
),
named as (
    -- a SEND row without the other side's answer: the one entry that the server it names took from this one
    select message_key, server, client_server, min(node) as node, max(frontend_server) as frontend_server from (
        select message_key, server, client_server, node, null as frontend_server from receipt where source = 'SMTP' and client_server <> '' and frontend_server is null
        union all
        select r.message_key, r.server, a.server, r.node, r.frontend_server from receipt r join our_address a on a.ip = r.original_client_ip where r.frontend_server is not null) taken
    group by message_key, server, client_server having count(*) = 1
),
sent as (
    select s.server, s.message_key, s.event_id, s.date_time, s.source_context, s.reply_server, s.server_ip, s.server_hostname, s.next_server, s.client_ip,
        s.client_hostname, s.connector_id, s.network_message_id, s.recipient_address, s.file_id, s.line_number, concat(s.server, '#', s.internal_message_id) as queue_node, coalesce(e.service, 'hub') as service,
        coalesce(r.node, n.node) as next_node, coalesce(r.frontend_server, n.frontend_server) as frontend_server, r.network_message_id as next_nmid, a.server as address_server, r.node is null and n.node is not null as is_named_only,
        case when (s.reply_server in (select server from our_server)) and s.reply_internal_id is not null
            then concat(s.reply_server, '#', s.reply_internal_id) end as reply_node,
        p.remote_port as tx_port, contains(coalesce(s.connector_id, ''), 'Intra-Organization') as is_intra
    from track s
    left join receipt r on r.server = s.reply_server and r.internal_message_id = s.reply_internal_id and r.message_key = s.message_key
    left join named n on s.reply_internal_id is null and not contains(coalesce(s.source_context, ''), 'Hostname') and n.message_key = s.message_key and n.server = s.next_server and n.client_server = s.server
    left join our_address a on a.ip = s.server_ip
    left join our_server e on e.server = s.server
    left join wired p on p.queue_node = concat(s.server, '#', s.internal_message_id) and p.message_key = s.message_key and p.remote_ip = s.server_ip
    where s.event_id in ('SEND', 'SENDEXTERNAL') and s.message_key is not null
),
handed as (
    select distinct message_key, queue_node, lower(a.address) as address from delivery_row, lateral (select unnest(recipient_address) as address) a
),
met as (
    select distinct s.file_id, s.line_number from sent s cross join unnest(s.recipient_address) as a(address)
    join handed h on h.message_key = s.message_key and h.queue_node = s.queue_node and h.address = lower(a.address)
    where s.event_id = 'SEND'
),
outbound as (
    -- where a queue entry went; `is_sure` when the row itself, or one it names, says so
    select s.*, case
        when s.next_node is not null and s.frontend_server is not null then 'receive'
        when s.tx_port = 717 then 'proxy'
        when s.reply_node is not null and s.next_node is null and (s.service = 'edge' or s.address_server <> s.reply_server) then 'receive'
        when coalesce(s.next_node, s.reply_node) is not null then 'transfer'
        when s.tx_port = 475 or m.line_number is not null then 'deliver'
        when s.event_id = 'SEND' and s.source_context like '%[Hostname=%' and (s.is_intra or s.next_server in (select server from our_server)) then 'deliver'
        when not s.is_intra and (s.address_server is not null or s.next_server in (select server from our_server)) then 'proxy'
        else 'external' end as kind,
        case when s.is_named_only then false when s.next_node is not null or s.tx_port in (717, 475) or m.line_number is not null then true
            when s.reply_node is not null then s.service <> 'edge' and s.network_message_id is not null or s.address_server <> s.reply_server
            when s.event_id = 'SEND' and s.source_context like '%[Hostname=%' and (s.is_intra or s.next_server in (select server from our_server)) then true
            when not s.is_intra and (s.address_server is not null or s.next_server in (select server from our_server)) then false
            else s.tx_port is not null or not s.is_intra and (not contains(coalesce(s.server_hostname, ''), '.') or not contains(coalesce(s.client_hostname, ''), '.')
                or regexp_extract(lower(s.server_hostname), '[.](.*)$', 1) <> regexp_extract(lower(s.client_hostname), '[.](.*)$', 1)) end as is_sure
    from sent s left join met m on m.file_id = s.file_id and m.line_number = s.line_number
)
select message_key, kind, is_sure, server, service, client_ip, queue_node, next_node, next_nmid, reply_node, reply_server, address_server, next_server, server_ip,
    is_intra, tx_port, connector_id, date_time, source_context, file_id, line_number
from outbound
