-- What Exchange Online traces add to a path: the way into the cloud, its delivery, and the way out of it.
-- grain: part_key
-- kind: temp
-- by: message
-- source: formats.md 4.8, 5.2
with trace as (
    select m.message_key, e.date_time, e.from_ip, e.to_ip, e.connector_id, lower(replace(coalesce(e.event, ''), ' ', '')) as event,
        lower(coalesce(e.status, e.event, '')) in ('delivered', 'deliver') as is_delivered, struct_pack(file_id := e.file_id, line_number := e.line_number) as evidence
    from exo_trace_event e join told_message m on m.source = 'cloud' and m.mid is not distinct from nullif(trim(e.message_id, '<> '), '') and m.nmid is not distinct from e.network_message_id
),
whole as (
    select message_key, min(date_time) as first_at, max({moment: date_time, ip: from_ip}) filter (from_ip is not null).ip as from_ip,
        list_sort(list_distinct(list(evidence))) as evidence,
        max(date_time) filter (event = 'deliver') as delivered_at, bool_or(is_delivered and to_ip is null) as is_delivered,
        bool_or(to_ip is not null or event in ('sendexternal')) as is_sent
    from trace group by message_key
),
into_cloud as (
    select * from logged_hop where kind = 'external' and contains(lower(coalesce(reply_text, '')), '.outlook.com')
),
out_of_cloud as (
    -- sent out by the cloud and taken by a server of ours: one hand-over
    select g.* from logged_hop g join whole w on w.message_key = g.message_key and w.is_sent
    where g.kind = 'receive' and g.from_node is null and not exists (select 1 from into_cloud i where i.message_key = g.message_key)
),
sent as (
    select message_key, to_ip, max(connector_id) as connector_id, min(date_time) as sent_at, list_sort(list_distinct(list(evidence))) as evidence
    from trace where to_ip is not null or event = 'sendexternal' group by message_key, to_ip
),
part as (
    select g.message_key, g.kind, g.anchor, null as from_server, null as from_service, null as from_ip, 'Exchange Online' as to_server, 'cloud' as to_service, null as to_ip, null as send_connector,
        cast(null as timestamp) as ended_at, 'unknown' as outcome, null as from_node, coalesce(g.to_node, 'exo:' || g.message_key) as to_node, w.evidence
    from into_cloud g join whole w on w.message_key = g.message_key
    union all
    select w.message_key, 'receive', 'exo:in', null, null, w.from_ip, 'Exchange Online', 'cloud', null, null, w.first_at, 'accepted', null, 'exo:' || w.message_key, w.evidence
    from whole w where not exists (select 1 from into_cloud i where i.message_key = w.message_key)
    union all
    select g.message_key, g.kind, g.anchor, 'Exchange Online', 'cloud', null, null, null, null, null, null, 'unknown', 'exo:' || g.message_key, g.to_node, w.evidence
    from out_of_cloud g join whole w on w.message_key = g.message_key
    union all
    select w.message_key, 'deliver', 'exo:deliver', 'Exchange Online', 'cloud', null, 'Exchange Online', 'mailbox', null, null, w.delivered_at, 'accepted', 'exo:' || w.message_key, null, w.evidence
    from whole w where w.is_delivered
    union all
    select s.message_key, 'external', 'exo:x:' || coalesce(s.to_ip, '?'), 'Exchange Online', 'cloud', null, null, null, s.to_ip, s.connector_id, s.sent_at, 'accepted', 'exo:' || s.message_key, null, s.evidence
    from sent s where not exists (select 1 from out_of_cloud o where o.message_key = s.message_key)
)
select row_number() over () as part_key, 'cloud' as witness, *, 'reported' as basis from part
