-- What Exchange Online traces add to a path: each visit of the cloud with the way into it, its delivery, and the way out of it.
-- A message that comes back after it was sent out (centralised transport) visits the cloud once more: the cloud's own clock tells.
-- grain: part_key
-- kind: temp
-- by: message
-- source: formats.md 4.8, 5.2
with trace as (
    select m.message_key, e.date_time, e.from_ip, e.to_ip, e.connector_id, lower(replace(coalesce(e.event, ''), ' ', '')) as event,
        lower(coalesce(e.status, e.event, '')) in ('delivered', 'deliver') as is_delivered, struct_pack(file_id := e.file_id, line_number := e.line_number) as evidence
    from exo_trace_event e join told_message m on m.source = 'cloud' and m.mid is not distinct from nullif(trim(e.message_id, '<> '), '') and m.nmid is not distinct from e.network_message_id
),
moment as (
    -- rows of single events tell when it came and went; a summary has one time for all, and counts where there is nothing else
    select t.message_key, t.date_time, bool_or(t.event in ('', 'receive', 'submit')) as is_begin, bool_or(t.to_ip is not null or t.event = 'sendexternal') as is_send
    from trace t left join (select distinct message_key from trace where event <> '') d on d.message_key = t.message_key
    where t.event <> '' or d.message_key is null group by t.message_key, t.date_time
),
turn as (
    select message_key, date_time, is_begin and coalesce(lag(is_send) over (partition by message_key order by date_time), false) as is_back from moment
),
told as (
    -- a summary's time is in whole seconds
    select t.message_key, t.date_time, t.from_ip, t.to_ip, t.connector_id, t.event, t.is_delivered, t.evidence, 1 + count(n.date_time) as visit
    from trace t left join turn n on n.message_key = t.message_key and n.is_back
        and n.date_time <= case when t.event = '' then t.date_time + interval 1 second else t.date_time end
    group by t.message_key, t.date_time, t.from_ip, t.to_ip, t.connector_id, t.event, t.is_delivered, t.evidence
),
stay as (
    select message_key, visit, concat('exo:', message_key, case when visit > 1 then concat(':', visit) else '' end) as node, min(date_time) as first_at,
        max({moment: date_time, ip: from_ip}) filter (from_ip is not null).ip as from_ip,
        list_sort(list_distinct(list(evidence))) as evidence,
        max(date_time) filter (event = 'deliver') as delivered_at, bool_or(is_delivered and to_ip is null) as is_delivered,
        bool_or(to_ip is not null or event = 'sendexternal') as is_sent, count(*) over (partition by message_key) as visit_count
    from told group by message_key, visit
),
inward as (
    select message_key, kind, anchor, to_node, row_number() over (partition by message_key order by started_at, anchor) as number
    from logged_hop where kind = 'external' and contains(lower(coalesce(reply_text, '')), '.outlook.com')
),
root as (
    -- an entry is where a message began, as far as is known; what a server of ours handed on had a way before that
    select g.message_key, g.kind, g.anchor, g.from_ips, g.to_ip, g.to_node, g.started_at, g.kind in ('submit', 'dsn', 'fork') or g.kind = 'receive' and g.from_server is null as is_entry,
        count(case when g.kind in ('submit', 'dsn', 'fork') or g.kind = 'receive' and g.from_server is null then 1 end) over (partition by g.message_key) as entry_count
    from logged_hop g left join logged_hop p on p.message_key = g.message_key and p.to_node = g.from_node where p.hop_key is null
),
outward as (
    -- sent out by the cloud and taken by a server of ours: one hand-over; where our logs also show the way in, the address must be the cloud's,
    -- or the cloud took the message once more than we handed it over, and ours came in between
    select r.message_key, r.kind, r.anchor, r.to_node, r.entry_count, row_number() over (partition by r.message_key order by r.started_at, r.anchor) as number
    from root r join (select message_key, bool_or(is_sent) as is_sent, min(first_at) as first_at, max(first_at) as last_at, count(*) as visit_count from stay group by message_key) s on s.message_key = r.message_key and s.is_sent
    left join (select message_key, count(*) as inward_count from inward group by message_key) i on i.message_key = r.message_key
    where r.kind = 'receive' and r.is_entry and (r.message_key not in (select message_key from inward)
        or list_has_any(r.from_ips, (select coalesce(list(network), []) from inventory where role = 'exo'))
        or r.to_ip in (select to_ip from told t where t.message_key = r.message_key)
        or r.entry_count = 1 and s.visit_count > coalesce(i.inward_count, 0) and r.started_at between s.first_at - interval 2 minutes and s.last_at + interval 2 minutes)
),
from_stay as (
    select o.message_key, o.kind, o.anchor, o.to_node, s.visit, s.node, s.evidence from outward o
    join (select message_key, visit, node, evidence, row_number() over (partition by message_key order by visit) as number from stay where is_sent) s
        on s.message_key = o.message_key and s.number = o.number
),
into_stay as (
    -- our way in leads to the first visit, or, where all that is here began in the cloud, to the next one
    select i.message_key, i.kind, i.anchor, i.to_node, s.visit, s.node, s.evidence from inward i
    left join (select distinct message_key from outward where entry_count = 1) o on o.message_key = i.message_key
    join stay s on s.message_key = i.message_key and s.visit = case when o.message_key is not null then least(i.number + 1, greatest(s.visit_count, 2)) else least(i.number, s.visit_count) end
),
sent as (
    select message_key, visit, to_ip, max(connector_id) as connector_id, min(date_time) as sent_at, list_sort(list_distinct(list(evidence))) as evidence
    from told where to_ip is not null or event = 'sendexternal' group by message_key, visit, to_ip
),
part as (
    select i.message_key, i.kind, i.anchor, null as from_server, null as from_service, null as from_ip, 'Exchange Online' as to_server, 'cloud' as to_service, null as to_ip, null as send_connector,
        cast(null as timestamp) as ended_at, 'unknown' as outcome, null as from_node, coalesce(i.to_node, i.node) as to_node, i.evidence
    from into_stay i
    union all
    select s.message_key, 'receive', concat('exo:in', case when s.visit > 1 then concat(':', s.visit) else '' end), null, null, s.from_ip, 'Exchange Online', 'cloud', null, null, s.first_at, 'accepted',
        null, s.node, s.evidence
    from stay s where not exists (select 1 from into_stay i where i.message_key = s.message_key and i.visit = s.visit)
    union all
    select message_key, kind, anchor, 'Exchange Online', 'cloud', null, null, null, null, null, null, 'unknown', node, to_node, evidence from from_stay
    union all
    select s.message_key, 'deliver', concat('exo:deliver', case when s.visit > 1 then concat(':', s.visit) else '' end), 'Exchange Online', 'cloud', null, 'Exchange Online', 'mailbox', null, null,
        s.delivered_at, 'accepted', s.node, null, s.evidence
    from stay s where s.is_delivered
    union all
    select x.message_key, 'external', concat('exo:x:', coalesce(x.to_ip, '?'), case when x.visit > 1 then concat(':', x.visit) else '' end), 'Exchange Online', 'cloud', null, null, null, x.to_ip, x.connector_id,
        x.sent_at, 'accepted', s.node, null, x.evidence
    from sent x join stay s on s.message_key = x.message_key and s.visit = x.visit
    where not exists (select 1 from from_stay o where o.message_key = x.message_key and o.visit = x.visit)
)
select row_number() over () as part_key, 'cloud' as witness, *, 'reported' as basis from part
