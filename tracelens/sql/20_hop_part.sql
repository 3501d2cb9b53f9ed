-- What each log says about each hand-over, under the anchor that all witnesses of one hand-over share:
-- the queue entry it made (SERVER#InternalId), or the queue entry it left and where it went.
-- grain: part_key
-- kind: temp
with our_server as (
    select distinct server from (
        select server from track where server is not null
        union all select server from session where server is not null and service in ('hub', 'frontend', 'delivery', 'submission')
        union all select server from inventory where server is not null)
),
address as (
    select network as ip, min(server) as server from inventory where server is not null group by network
),
tx as (
    select t.*, i.message_key, i.mid, a.server as peer_server,
        case when t.next_server in (select server from our_server) and t.server_internal_id is not null
            then concat(t.next_server, '#', t.server_internal_id) end as reply_node,
        case when t.internal_message_id is not null then concat(t.server, '#', t.internal_message_id) end as queue_node
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
    left join address a on a.ip = t.remote_ip
    where not t.is_shadow
),
submitted as (
    select message_key, next_server, min(date_time) as date_time, min(client_server) as client_server, min(client_ip) as client_ip,
        min({file_id: file_id, line_number: line_number}) as first_row
    from track where event_id = 'SUBMIT' and next_server is not null and next_server <> '' group by message_key, next_server
),
sent as (
    select s.*, concat(s.server, '#', s.internal_message_id) as queue_node,
        r.node as next_node, a.server as address_server,
        case when s.reply_server in (select server from our_server) and s.reply_internal_id is not null
            then concat(s.reply_server, '#', s.reply_internal_id) end as reply_node,
        p.remote_port as tx_port
    from track s
    left join receipt r on r.server = s.reply_server and r.internal_message_id = s.reply_internal_id and r.message_key = s.message_key
    left join address a on a.ip = s.server_ip
    left join (select queue_node, message_key, max(remote_port) as remote_port, remote_ip from tx
               where direction = 'send' and service = 'hub' and queue_node is not null group by queue_node, message_key, remote_ip) p
        on p.queue_node = concat(s.server, '#', s.internal_message_id) and p.message_key = s.message_key and p.remote_ip = s.server_ip
    where s.event_id in ('SEND', 'SENDEXTERNAL')
),
delivered as (
    select *, concat(coalesce(nullif(client_server, ''), server), '#', internal_message_id) as queue_node
    from track where event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') and message_key is not null
),
outbound as (
    select s.*, case
        when coalesce(s.next_node, s.reply_node) is not null then 'transfer'
        when s.tx_port = 475 or s.event_id = 'SEND' and exists (select 1 from delivered d where d.message_key = s.message_key
            and d.queue_node = s.queue_node and list_has_any(d.recipient_address, s.recipient_address)) then 'deliver'
        when s.tx_port = 717 then 'proxy'
        when s.event_id = 'SEND' and s.next_server in (select server from our_server) and s.source_context like '%[Hostname=%' then 'deliver'
        when s.event_id = 'SEND' and contains(s.connector_id, 'Intra-Organization') and s.source_context like '%[Hostname=%' then 'deliver'
        else 'external' end as kind
    from sent s
),
receipt_kind as (
    select r.*, case
        when r.frontend_server is not null then 'proxy'
        when exists (select 1 from outbound o where o.kind = 'transfer' and coalesce(o.next_node, o.reply_node) = r.node and o.message_key = r.message_key) then 'transfer'
        when exists (select 1 from submitted s where s.message_key = r.message_key and s.next_server = r.server) then 'submit'
        when exists (select 1 from tx t where t.direction = 'send' and t.service = 'frontend' and t.reply_node = r.node) then 'proxy'
        when exists (select 1 from tx t where t.direction = 'receive' and t.service = 'frontend' and t.reply_node = r.node) then 'proxy'
        when exists (select 1 from tx t where t.direction = 'send' and t.service = 'submission' and t.reply_node = r.node) then 'submit'
        when exists (select 1 from tx t where t.direction = 'send' and t.service = 'hub' and t.reply_node = r.node) then 'transfer'
        when r.source = 'SMTP' and contains(coalesce(r.connector_id, ''), 'Client Proxy') then 'proxy'
        when r.source = 'SMTP' then 'receive'
        when r.source = 'STOREDRIVER' then 'submit'
        when r.source = 'DSN' then 'dsn'
        else 'fork' end as kind
    from receipt r
),
tracking_in as (
    select 'tracking_in' as witness, r.message_key, r.kind, r.node as anchor,
        case r.kind when 'proxy' then coalesce(r.frontend_server, a.server, nullif(r.client_server, '')) when 'receive' then null
            when 'transfer' then nullif(r.client_server, '') when 'submit' then coalesce(s.client_server, nullif(r.client_server, '')) else r.server end as from_server,
        case r.kind when 'proxy' then 'frontend' when 'submit' then 'submission' when 'transfer' then 'hub' when 'receive' then null else 'hub' end as from_service,
        coalesce(r.client_ip, s.client_ip) as from_ip, r.server as to_server, 'hub' as to_service, r.server_ip as to_ip,
        case when r.kind in ('dsn', 'fork') or r.source <> 'SMTP' then null when contains(coalesce(r.connector_id, ''), 'Client Proxy') then 465
            when r.kind in ('proxy', 'submit', 'transfer') then 2525 end as to_port,
        null as send_connector, r.connector_id as receive_connector, coalesce(r.context_at, r.date_time) as started_at, r.date_time as ended_at,
        null as tls_version, null as auth_user, 'accepted' as outcome, null as reply_text, 'observed' as basis,
        case r.kind when 'proxy' then 'fe:' || r.node when 'transfer' then null when 'submit' then null else null end as from_node, r.node as to_node,
        [struct_pack(file_id := r.file_id, line_number := r.line_number)] as evidence
    from receipt_kind r left join submitted s on s.message_key = r.message_key and s.next_server = r.server
    left join address a on a.ip = r.client_ip
),
tracking_frontend as (
    -- the Front End writes no tracking rows: its hop is known from ProxyHop1 and original-client-ip of the hub's row
    select 'tracking_frontend' as witness, r.message_key, 'receive' as kind, 'fe:' || r.node as anchor, null as from_server, null as from_service, r.original_client_ip as from_ip,
        coalesce(r.frontend_server, a.server) as to_server, 'frontend' as to_service, coalesce(r.frontend_ip, r.client_ip) as to_ip,
        case when contains(coalesce(r.connector_id, ''), 'Client Proxy') then 587 end as to_port, null as send_connector, null as receive_connector,
        coalesce(r.context_at, r.date_time) as started_at, r.date_time as ended_at, null as tls_version, null as auth_user, 'accepted' as outcome, null as reply_text,
        'inferred' as basis, null as from_node, 'fe:' || r.node as to_node, [struct_pack(file_id := r.file_id, line_number := r.line_number)] as evidence
    from receipt_kind r left join address a on a.ip = r.client_ip where r.kind = 'proxy'
),
tracking_out as (
    select 'tracking_out', o.message_key, o.kind,
        case o.kind when 'transfer' then coalesce(o.next_node, o.reply_node)
            when 'deliver' then concat(o.queue_node, '>d:', coalesce(nullif(o.next_server, ''), o.reply_server, o.address_server, o.server_ip))
            when 'proxy' then o.queue_node || '>fe' else concat(o.queue_node, '>x:', coalesce(o.server_ip, o.next_server)) end,
        o.server, 'hub', o.client_ip,
        case o.kind when 'external' then null when 'transfer' then split_part(coalesce(o.next_node, o.reply_node), '#', 1)
            else coalesce(o.address_server, nullif(o.next_server, ''), o.reply_server) end,
        case o.kind when 'transfer' then 'hub' when 'deliver' then 'delivery' when 'proxy' then 'frontend' end,
        o.server_ip, case o.kind when 'transfer' then 2525 when 'deliver' then 475 when 'proxy' then 717 else o.tx_port end,
        o.connector_id, null, null, o.date_time, null, null, 'accepted',
        nullif(regexp_extract(o.source_context, '^[^;]*;(.*?)(;ClientSubmitTime:.*)?$', 1), ''), 'observed',
        o.queue_node, case o.kind when 'transfer' then coalesce(o.next_node, o.reply_node) when 'proxy' then 'fx:' || coalesce(o.address_server, nullif(o.next_server, ''), '?') end,
        [struct_pack(file_id := o.file_id, line_number := o.line_number)]
    from outbound o where o.message_key is not null
),
tracking_deliver as (
    select 'tracking_deliver', d.message_key, 'deliver',
        concat(d.queue_node, '>d:', coalesce(nullif(d.next_server, ''), d.server)),
        coalesce(nullif(d.client_server, ''), d.server), 'hub', d.client_ip, coalesce(nullif(d.next_server, ''), d.server), 'delivery', d.server_ip,
        case when exists (select 1 from outbound o where o.queue_node = d.queue_node and o.message_key = d.message_key) then 475 end, null, null,
        try_cast(split_part(d.source_context, ';', 2) as timestamp), d.date_time, null, null,
        case d.event_id when 'DELIVER' then 'accepted' when 'DELIVERFAIL' then 'refused' else 'duplicate' end,
        case when d.event_id = 'DELIVERFAIL' then array_to_string(d.recipient_status, '; ') end, 'observed', d.queue_node, null,
        [struct_pack(file_id := d.file_id, line_number := d.line_number)]
    from delivered d
),
kind_at as (
    select node, message_key, kind from receipt_kind
),
proto_in as (
    -- a Transport or Front End service took the message by SMTP
    select 'proto_in', t.message_key,
        case when t.service = 'frontend' then 'receive' when t.service = 'delivery' then 'deliver'
            else coalesce(k.kind, case when t.proxied_session_id is not null or t.proxy_accepted then 'proxy' when t.server_auth and t.peer_server is not null then 'transfer'
                when contains(coalesce(t.reply_text, ''), 'InternalId') and t.local_port = 2525 then 'proxy' else 'receive' end) end,
        case when t.service = 'frontend' and t.reply_node is not null then 'fe:' || t.reply_node
            when t.service = 'frontend' and t.local_port = 717 then concat('fx:', t.session_key, '#', t.transaction_number)
            else coalesce(t.reply_node, concat(t.session_key, '#', t.transaction_number)) end,
        case when t.service = 'frontend' and t.local_port <> 717 then null
            when coalesce(k.kind, '') in ('receive') then null else t.peer_server end,
        case when t.service = 'frontend' and t.local_port <> 717 then null
            else case coalesce(k.kind, case when t.proxied_session_id is not null or t.proxy_accepted then 'proxy' when t.server_auth then 'transfer' end)
                when 'proxy' then 'frontend' when 'submit' then 'submission' when 'transfer' then 'hub' end end,
        t.remote_ip, coalesce(t.server, t.next_server), t.service, t.local_ip, t.local_port, p.send_connector, t.connector_id, t.started_at, t.ended_at,
        t.tls_version, t.auth_user, case when t.is_accepted then 'accepted' when t.reply_code is null then 'unknown' else 'refused' end, t.reply_text, 'observed',
        case when t.service = 'frontend' then null when k.kind = 'proxy' or t.proxied_session_id is not null then 'fe:' || t.reply_node end,
        case when t.service = 'frontend' then coalesce('fe:' || t.reply_node, null) else t.reply_node end, t.evidence
    from tx t left join kind_at k on k.node = t.reply_node and k.message_key = t.message_key
    left join session_pair p on p.receive_key = t.session_key
    where t.direction = 'receive' and t.service <> 'delivery' and not (t.service = 'frontend' and t.local_port = 717)
        and (t.is_accepted or t.service in ('frontend', 'edge') or not t.server_auth)
),
proto_client as (
    -- behind the client proxy the Front End is blind: its session is known by the SID that the hub saw (J3)
    select 'proto_client', t.message_key, 'receive', 'fe:' || t.reply_node, null, null, f.remote_ip, f.server, 'frontend', f.local_ip, f.local_port,
        null, f.connector_id, t.started_at, t.ended_at, f.tls_version, f.auth_user, 'accepted', null, 'observed', null, 'fe:' || t.reply_node, f.evidence
    from tx t join session f on f.direction = 'receive' and f.service = 'frontend' and f.session_id = t.proxied_session_id
        and f.message_count = 0 and abs(date_diff('second', f.opened_at, t.started_at)) < 3600
        and (t.proxied_ip is null or t.proxied_ip = f.remote_ip)
    where t.direction = 'receive' and t.service = 'hub' and t.is_accepted and t.reply_node is not null
),
proto_out as (
    select 'proto_out', t.message_key,
        case when t.service = 'frontend' and t.remote_port not in (2525, 465) then 'external'
            when t.service = 'frontend' then 'proxy' when t.service = 'submission' then 'submit'
            when t.remote_port = 475 then 'deliver' when t.remote_port = 717 then 'proxy'
            when t.reply_node is not null then 'transfer' else 'external' end as kind,
        case when t.service = 'frontend' and t.remote_port not in (2525, 465) then concat('fx>x:', t.server, ':', t.remote_ip)
            when t.service in ('frontend', 'submission') then coalesce(t.reply_node, concat(t.session_key, '#', t.transaction_number))
            when t.remote_port = 475 then concat(coalesce(t.queue_node, t.session_key), '>d:', coalesce(t.next_server, t.peer_server, t.remote_ip))
            when t.remote_port = 717 then coalesce(t.queue_node, t.session_key) || '>fe'
            when t.reply_node is not null then t.reply_node
            else concat(coalesce(t.queue_node, t.session_key), '>x:', t.remote_ip) end,
        t.server, t.service, t.local_ip,
        case when t.service = 'frontend' and t.remote_port not in (2525, 465) then null
            when t.reply_node is not null then split_part(t.reply_node, '#', 1)
            when t.remote_port in (475, 717, 2525, 465) then coalesce(t.peer_server, t.next_server) end,
        case when t.remote_port in (2525, 465) or t.reply_node is not null then 'hub' when t.remote_port = 475 then 'delivery' when t.remote_port = 717 then 'frontend' end,
        t.remote_ip, t.remote_port, t.connector_id, p.receive_connector, t.started_at, t.ended_at, t.tls_version, null,
        case when t.is_accepted then 'accepted' when t.reply_code is null then 'unknown'
            when t.reply_code < 500 then 'deferred' else 'refused' end, t.reply_text, 'observed',
        case when t.service = 'frontend' and t.remote_port not in (2525, 465) then 'fx:' || coalesce(t.server, '?')
            when t.service = 'frontend' then 'fe:' || coalesce(t.reply_node, concat(t.session_key, '#', t.transaction_number)) else t.queue_node end,
        case when t.remote_port = 717 then 'fx:' || coalesce(t.peer_server, '?') else t.reply_node end, t.evidence
    from tx t left join session_pair p on p.send_key = t.session_key
    where t.direction = 'send' and (t.mid is not null or t.recipients <> [])
),
at_queue as (
    select case event_id when 'EXPAND' then 'expand' when 'DSN' then 'dsn' else 'fork' end as kind, *
    from track where event_id in ('EXPAND', 'DSN', 'TRANSFER', 'REDIRECT') and internal_message_id is not null and message_key is not null
),
tracking_fork as (
    select 'tracking_fork', message_key, kind, concat(server, '#', internal_message_id, '>', kind, case when kind in ('expand') then ':' || coalesce(related_recipient_address, '') else '' end),
        server, 'hub', null, server, 'hub', null, null, null, null, date_time, date_time, null, null,
        case event_id when 'EXPAND' then 'expanded' when 'DSN' then 'report created' when 'REDIRECT' then 'redirected' else 'forked' end,
        source_context, 'observed',
        case when event_id = 'TRANSFER' then concat(server, '#', trim(reference, '{}')) when event_id = 'DSN' then null else concat(server, '#', internal_message_id) end,
        case when event_id in ('TRANSFER', 'DSN') then concat(server, '#', internal_message_id) end,
        [struct_pack(file_id := file_id, line_number := line_number)]
    from at_queue
),
united as (
    select * from tracking_in union all select * from tracking_frontend union all select * from tracking_out
    union all select * from tracking_deliver union all select * from proto_in union all select * from proto_client
    union all select * from proto_out union all select * from tracking_fork
)
select row_number() over () as part_key, * from united where message_key is not null
