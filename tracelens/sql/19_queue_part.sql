-- Where the messages of a queue in retry wait, as a Get-Queue listing says: the server that was tried, and behind a front end the endpoint outside.
-- A queue names no message: its server, the domain it is for, and no more open messages than it holds tell which ones are in it.
-- column entered_at: when the message came into the queue entry; a queue's own time may be unknown
-- grain: part_key
-- kind: temp
-- source: formats.md 4.5 (outbound proxy), Microsoft Learn "Queue properties" (LastError)
with queue as (
    select server, lower(next_hop_domain) as domain, message_count, nullif(next_hop_connector, '00000000-0000-0000-0000-000000000000') as connector_id,
        last_error, date_time, file_id, line_number,
        nullif(upper(split_part(regexp_extract(last_error, '[{]FQDN=([^}]*)', 1), '.', 1)), '') as tried_server,
        nullif(lower(regexp_extract(last_error, '[{]IP=([^}]*)', 1)), '') as tried_ip,
        nullif(regexp_extract(last_error, 'endpoint attempted was ([^ '']+):[0-9]+', 1), '') as far_ip,
        try_cast(nullif(regexp_extract(last_error, 'endpoint attempted was [^ '']+:([0-9]+)', 1), '') as integer) as far_port,
        contains(lower(last_error), 'proxy session setup failed on frontend') as is_proxied
    from queue_state
    where server is not null and last_error <> '' and next_hop_category = 'External' and delivery_type = 'DnsConnectorDelivery' and message_count > 0
),
row_of as (
    -- the rows of recipients of that domain on that server
    select distinct t.message_key, t.server, t.internal_message_id, t.event_id, t.date_time, lower(a.address) as address
    from track t join (select distinct server from queue) s on s.server = t.server, lateral (select unnest(t.recipient_address) as address) a
    where t.message_key is not null and t.internal_message_id is not null and t.event_id not in ('HAREDIRECT', 'HAREDIRECTFAIL', 'HARECEIVE', 'HADISCARD', 'AGENTINFO', 'DEFER')
        and split_part(lower(a.address), '@', 2) in (select domain from queue)
),
last_row as (
    select message_key, server, address, max({moment: date_time, number: internal_message_id, event_id: event_id}) as latest from row_of group by message_key, server, address
),
waiting as (
    select q.server, q.domain, q.message_count, q.connector_id, q.last_error, q.date_time, q.file_id, q.line_number, q.tried_server, q.tried_ip, q.far_ip, q.far_port,
        q.is_proxied, l.message_key, l.address, l.latest.moment as entered_at, concat(l.server, '#', l.latest.number) as node
    from queue q join last_row l on l.server = q.server and split_part(l.address, '@', 2) = q.domain
    where l.latest.event_id in ('RECEIVE', 'TRANSFER', 'RESUBMIT') and l.latest.moment <= coalesce(q.date_time, l.latest.moment)
),
fitting as (
    select file_id, line_number from waiting group by file_id, line_number, message_count having count(distinct node) <= message_count
),
part as (
    select w.message_key, case when w.is_proxied then 'proxy' else 'external' end as kind, case when w.is_proxied then w.node || '>fe' else concat(w.node, '>x:', coalesce(w.tried_ip, '?')) end as anchor,
        w.server as from_server, 'hub' as from_service, case when w.is_proxied then w.tried_server end as to_server, case when w.is_proxied then 'frontend' end as to_service,
        w.tried_ip as to_ip, case when w.is_proxied then 717 end as to_port, w.connector_id as send_connector, w.date_time as ended_at, w.last_error as reply_text,
        w.node as from_node, case when w.is_proxied then concat('fx:', coalesce(w.tried_server, '?'), ':', w.node) end as to_node, w.address, w.entered_at, w.file_id, w.line_number
    from waiting w join fitting f on f.file_id = w.file_id and f.line_number = w.line_number
    union all
    select w.message_key, 'external', concat('fx>x:', w.tried_server, ':', w.far_ip), w.tried_server, 'frontend', null, null, w.far_ip, w.far_port, null, w.date_time, w.last_error,
        concat('fx:', coalesce(w.tried_server, '?'), ':', w.node), null, w.address, w.entered_at, w.file_id, w.line_number
    from waiting w join fitting f on f.file_id = w.file_id and f.line_number = w.line_number where w.is_proxied and w.far_ip is not null
)
select row_number() over () as part_key, 'queue' as witness, message_key, kind, anchor, from_server, from_service, to_server, to_service, to_ip, to_port, send_connector,
    ended_at, 'deferred' as outcome, reply_text, 'inferred' as basis, from_node, to_node, address, entered_at, [struct_pack(file_id := file_id, line_number := line_number)] as evidence
from part
