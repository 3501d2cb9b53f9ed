-- A server that is ours: its logs are here, or an Exchange server's row says that it is one.
-- column is_edge: an Edge server, as its folders, connectors, the connector towards it or an imported configuration say
-- column is_hub: a server with a Transport service and mailboxes or queues of its own, as its own rows or those of others say
-- column service: edge for an Edge server, which has that one alone; else empty
-- column is_loaded: rows that it wrote itself are in the store
-- grain: server
-- kind: temp
with edge as (
    select server from session where service = 'edge' and server is not null
    union
    select server from track where event_id = 'RECEIVE' and server is not null and contains(lower(coalesce(connector_id, '')), 'default internal receive connector')
    union
    select server from track where event_id in ('SEND', 'SENDEXTERNAL') and server is not null and starts_with(coalesce(connector_id, ''), 'EdgeSync - Inbound to ')
),
answered as (
    -- who took a message by a connector, as the answer names it
    select reply_server as server, connector_id, server as asked_by from track
    where event_id in ('SEND', 'SENDEXTERNAL') and reply_internal_id is not null and reply_server is not null
    union
    select next_server, connector_id, server from transaction where direction = 'send' and is_accepted and server_internal_id is not null and next_server is not null
),
seen as (
    select server, false as is_edge, false as is_hub, true as is_loaded from track where server is not null
    union all
    select server, false, true, true from session where server is not null and service in ('hub', 'frontend', 'delivery', 'submission')
    union all
    select server, true, false, true from edge
    union all
    select server, false, false, false from inventory where server is not null
    union all
    -- a subscribed Edge server is the source of the EdgeSync connectors
    select upper(split_part(s.name, '.', 1)), true, false, false from send_connector c cross join unnest(c.source_transport_servers) as s(name) where starts_with(c.name, 'EdgeSync - ')
    union all
    select server, true, false, false from transport_server where contains(extra, '"ServerRole": "Edge"')
    union all
    -- only a hub hands to mailboxes or takes from them
    select client_server, false, true, false from track where event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') group by client_server
    union all
    select next_server, false, true, false from track where event_id = 'SUBMIT' group by next_server
    union all
    -- a front end passes mail to hubs of ours only
    select next_server, false, true, false from transaction
    where direction = 'receive' and service = 'frontend' and local_port <> 717 and is_accepted and server_internal_id is not null and next_server is not null
    union all
    -- the connectors between servers are hidden and have fixed names; on a hub, EdgeSync's lead to an Edge server
    select server, regexp_matches(connector_id, '^EdgeSync - .* to Internet$'), contains(connector_id, 'Intra-Organization'), false from answered
    where contains(connector_id, 'Intra-Organization') or starts_with(connector_id, 'EdgeSync - Inbound to ')
        or starts_with(connector_id, 'EdgeSync - ') and asked_by not in (select server from edge)
)
select server, bool_or(is_edge) as is_edge, bool_or(is_hub) and not bool_or(is_edge) as is_hub, bool_or(is_loaded) as is_loaded, case when bool_or(is_edge) then 'edge' end as service from seen where server <> '' group by server
