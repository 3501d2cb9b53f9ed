-- Which Receive connector should have taken a session, by the imported configuration, and which one did.
-- The rule: same server, a binding to the port and to the address or all of them, and the smallest range that holds the client.
-- column state: agrees, differs, no connector matches, no configuration (reason says why)
-- column is_ambiguous: several connectors fit equally well
-- column is_changed_since: a connector concerned was changed after the session began; NULL: the export does not say
-- column is_known: the connector that took it is in the export
-- grain: session_key
-- kind: table
-- basis: inferred
with configured as (
    select distinct server from connector where server is not null
),
spot as (
    select distinct s.server, s.local_ip, s.local_port, s.remote_ip
    from session s join configured c on c.server = s.server
    where s.direction = 'receive' and s.service <> 'delivery' and s.local_port is not null and s.remote_ip is not null
),
fitting as (
    select p.server, p.local_ip, p.local_port, p.remote_ip, b.connector_key, b.is_any, r.range_text, r.address_count,
        rank() over (partition by p.server, p.local_ip, p.local_port, p.remote_ip order by r.address_count, b.is_any) as place
    from spot p
    join address a on a.text = p.remote_ip
    left join address l on l.text = p.local_ip
    join connector_binding b on b.server = p.server and b.is_enabled and b.port = p.local_port
        and (l.address_key is null or b.address_key = l.address_key or b.is_any and b.family is not distinct from l.family)
    join connector_range r on r.connector_key = b.connector_key and r.family = a.family and a.address_key between r.first_key and r.last_key
),
chosen as (
    select server, local_ip, local_port, remote_ip, list_sort(list(distinct connector_key)) as connectors, min(range_text) as range_text
    from fitting where place = 1 group by server, local_ip, local_port, remote_ip
),
compared as (
    select s.session_key, s.server, s.service, s.local_ip, s.local_port, s.remote_ip, s.opened_at, s.connector_id, h.connectors, h.range_text, c.server is not null as is_configured,
        case when len(list_filter(h.connectors, lambda x: lower(regexp_extract(x, '[^\\]*$')) = lower(regexp_extract(s.connector_id, '[^\\]*$')))) > 0
            then list_filter(h.connectors, lambda x: lower(regexp_extract(x, '[^\\]*$')) = lower(regexp_extract(s.connector_id, '[^\\]*$')))[1] else h.connectors[1] end as expected
    from session s left join configured c on c.server = s.server
    left join chosen h on h.server = s.server and h.local_ip is not distinct from s.local_ip and h.local_port = s.local_port and h.remote_ip = s.remote_ip and s.service <> 'delivery'
    where s.direction = 'receive'
)
select m.session_key, m.expected as expected_connector, m.connector_id as actual_connector,
    case when not m.is_configured or m.service = 'delivery' or m.local_port is null or m.remote_ip is null or m.connector_id is null then 'no configuration'
        when m.expected is null then case when k.connector_key is null then 'no configuration' else 'no connector matches' end
        when lower(regexp_extract(m.expected, '[^\\]*$')) = lower(regexp_extract(m.connector_id, '[^\\]*$')) then 'agrees' else 'differs' end as state,
    case when not m.is_configured then 'no export of this server''s connectors'
        when m.service = 'delivery' then 'the connector of mailbox delivery is in no export'
        when m.local_port is null or m.remote_ip is null then 'the log rows name no address or port'
        when m.connector_id is null then 'the log rows name no connector'
        when m.expected is null and k.connector_key is null then 'the connector that took it is not in the export'
        when m.expected is null then 'no enabled connector has this port and a range that holds the client' end as reason,
    m.range_text, len(m.connectors) > 1 as is_ambiguous, k.connector_key is not null as is_known,
    greatest(k.changed_at, e.changed_at) + case when coalesce(k.is_changed_local, false) or coalesce(e.is_changed_local, false) then interval 14 hours else interval 0 hours end > m.opened_at as is_changed_since
from compared m
left join connector k on k.server = m.server and lower(k.name) = lower(regexp_extract(m.connector_id, '[^\\]*$'))
left join connector e on e.connector_key = m.expected
