-- What headers add to a path: a witness of hops the logs show, and hops of their own where no log here could tell.
-- grain: part_key
-- kind: temp
with told as (
    select c.*, case when c.role = 'hub' then coalesce(o.service, c.role) else c.role end as service, f.service as sender_service, g.from_node as logged_from_node,
        coalesce(g.to_node, case when c.state = 'confirmed' or c.kind is not null then concat('hdr>', c.hop_key) end) as node, h.tls_version
    from header_check c left join logged_hop g on g.hop_key = c.hop_key
    left join our_server o on o.server = c.by_server left join our_server f on f.server = c.from_server
    left join (select file_id, line_number, hop_number, max(tls_version) as tls_version from header_hop where kind = 'received' group by file_id, line_number, hop_number) h
        on h.file_id = c.file_id and h.line_number = c.line_number and h.hop_number = c.hop_number
),
chained as (
    select *, lag(case when state <> 'not confirmed' and role <> 'submission' then node end) over (partition by file_id, message_key order by hop_number, line_number desc) as node_before,
        lag(role) over (partition by file_id, message_key order by hop_number, line_number desc) as role_before
    from told
)
select row_number() over () as part_key, 'header' as witness, message_key, kind, anchor,
    case when state = 'reported' then coalesce(from_server, lower(from_host)) end as from_server,
    case when state = 'reported' then case kind when 'proxy' then 'frontend' when 'submit' then 'submission' when 'transfer' then coalesce(sender_service, 'hub') when 'deliver' then 'hub' end end as from_service,
    case when state = 'reported' then from_ip end as from_ip, case when state = 'reported' then coalesce(by_server, lower(by_host)) end as to_server,
    case when state = 'reported' then case when role = 'other' then null else service end end as to_service, case when state = 'reported' then by_ip end as to_ip,
    case when state = 'reported' then said_at end as ended_at, case when state = 'reported' then tls_version end as tls_version,
    case when state = 'reported' then 'accepted' else 'unknown' end as outcome, 'reported' as basis,
    case when state = 'reported' or logged_from_node is null and role <> 'submission' and node_before <> node then node_before end as from_node,
    case when role <> 'submission' then node end as to_node, [struct_pack(file_id := file_id, line_number := line_number)] as evidence
from chained where kind is not null
