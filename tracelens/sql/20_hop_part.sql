-- What each log says about each hand-over, under the anchor that all witnesses of one hand-over share:
-- the queue entry it made (SERVER#InternalId), or the queue entry it left and where it went.
-- grain: part_key
-- kind: temp
-- by: message
with receipt_kind as (
    select r.*, j.verdict.kind as kind, j.verdict.rank <= 6 as is_sure, coalesce(e.service, 'hub') as service,
        -- a hub of 2007 and 2010 takes from Edge servers and from hubs by the same port
        coalesce(f.service, case when r.network_message_id is not null or f.is_hub then 'hub' end) as client_service
    from receipt r left join hop_origin j on j.node = r.node and j.message_key = r.message_key
    left join our_server e on e.server = r.server left join our_server f on f.server = r.client_server
),
tracking_in as (
    select 'tracking_in' as witness, r.message_key, r.kind, r.node as anchor,
        case r.kind when 'proxy' then coalesce(r.frontend_server, a.server, nullif(r.client_server, '')) when 'receive' then null
            when 'transfer' then nullif(r.client_server, '') when 'submit' then coalesce(s.client_server, nullif(r.client_server, '')) else r.server end as from_server,
        case r.kind when 'proxy' then 'frontend' when 'submit' then 'submission' when 'transfer' then r.client_service when 'receive' then null else r.service end as from_service,
        coalesce(r.client_ip, case r.kind when 'submit' then s.client_ip end) as from_ip, r.server as to_server, r.service as to_service, r.server_ip as to_ip,
        case when r.kind in ('dsn', 'fork', 'receive') or r.source <> 'SMTP' or r.network_message_id is null or r.service = 'edge' then null when contains(coalesce(r.connector_id, ''), 'Client Proxy') then 465
            else 2525 end as to_port,
        null as send_connector, r.connector_id as receive_connector, coalesce(r.context_at, r.date_time) as started_at, r.date_time as ended_at,
        null as tls_version, null as auth_user, 'accepted' as outcome, null as reply_text, case when r.is_sure then 'observed' else 'inferred' end as basis,
        case r.kind when 'proxy' then 'fe:' || r.node when 'fork' then concat(r.server, '#', trim(r.reference, '{}<> ')) end as from_node, r.node as to_node,
        [struct_pack(file_id := r.file_id, line_number := r.line_number)] as evidence
    from receipt_kind r left join submitted s on s.message_key = r.message_key and s.next_server = r.server
    left join our_address a on a.ip = r.client_ip
),
tracking_submit as (
    -- the Submission service's own row alone: it names the hub that took the message
    select 'tracking_submit', s.message_key, 'submit', concat('sub:', s.next_server), s.client_server, 'submission', s.client_ip, s.next_server, 'hub', null, null, null, null,
        s.date_time, s.date_time, null, null, 'accepted', null, 'observed', null, concat('sub:', s.next_server), [s.first_row]
    from submitted s left join (select distinct message_key, server from receipt) r on r.message_key = s.message_key and r.server = s.next_server
    where s.message_key is not null and r.server is null and not exists (select 1 from carried x where x.message_key = s.message_key
        and (x.direction = 'send' and x.service = 'submission' or x.direction = 'receive' and x.service = 'hub' and x.server = s.next_server))
),
tracking_frontend as (
    -- the Front End writes no tracking rows: its hop is known from ProxyHop1 and original-client-ip of the hub's row
    select 'tracking_frontend' as witness, r.message_key, 'receive' as kind, 'fe:' || r.node as anchor, g.server as from_server, g.service as from_service, r.original_client_ip as from_ip,
        coalesce(r.frontend_server, a.server) as to_server, 'frontend' as to_service, coalesce(r.frontend_ip, r.client_ip) as to_ip,
        case when contains(coalesce(r.connector_id, ''), 'Client Proxy') then 587 end as to_port, null as send_connector, null as receive_connector,
        coalesce(r.context_at, r.date_time) as started_at, r.date_time as ended_at, null as tls_version, null as auth_user, 'accepted' as outcome, null as reply_text,
        'inferred' as basis, null as from_node, 'fe:' || r.node as to_node, [struct_pack(file_id := r.file_id, line_number := r.line_number)] as evidence
    from receipt_kind r left join our_address a on a.ip = r.client_ip
    left join our_address o on o.ip = r.original_client_ip left join our_server g on g.server = o.server and g.service = 'edge' where r.kind = 'proxy'
),
tracking_out as (
    select 'tracking_out', o.message_key, o.kind,
        case o.kind when 'transfer' then coalesce(o.next_node, o.reply_node) when 'receive' then 'fe:' || coalesce(o.next_node, o.reply_node)
            when 'deliver' then concat(o.queue_node, '>d:', coalesce(nullif(o.next_server, ''), o.reply_server, o.address_server, o.server_ip))
            when 'proxy' then o.queue_node || '>fe' else concat(o.queue_node, '>x:', coalesce(o.server_ip, o.next_server)) end,
        o.server, o.service, o.client_ip,
        case o.kind when 'external' then null when 'transfer' then split_part(coalesce(o.next_node, o.reply_node), '#', 1)
            else coalesce(o.address_server, nullif(o.next_server, ''), o.reply_server) end,
        case o.kind when 'transfer' then case when e.service is not null then 'edge' when o.next_node is not null or o.is_intra or o.tx_port = 2525 then 'hub' end when 'deliver' then 'delivery' when 'proxy' then 'frontend' when 'receive' then 'frontend' end,
        o.server_ip, case o.kind when 'transfer' then coalesce(o.tx_port, case when o.next_nmid is not null and e.service is null and o.is_intra then 2525 end)
            when 'receive' then coalesce(o.tx_port, 25) when 'deliver' then 475 when 'proxy' then 717 else o.tx_port end,
        o.connector_id, null, null, o.date_time, null, null, 'accepted',
        nullif(regexp_extract(o.source_context, '^[^;]*;(.*?)(;ClientSubmitTime:.*)?$', 1), ''), case when o.is_sure then 'observed' else 'inferred' end,
        o.queue_node, case o.kind when 'transfer' then coalesce(o.next_node, o.reply_node) when 'receive' then 'fe:' || coalesce(o.next_node, o.reply_node)
            when 'proxy' then concat('fx:', coalesce(o.address_server, nullif(o.next_server, ''), '?'), ':', o.queue_node) end,
        [struct_pack(file_id := o.file_id, line_number := o.line_number)]
    from departure o left join our_server e on e.server = split_part(coalesce(o.next_node, o.reply_node), '#', 1)
),
tracking_deliver as (
    select 'tracking_deliver', d.message_key, 'deliver',
        concat(d.queue_node, '>d:', coalesce(nullif(d.next_server, ''), d.server)),
        coalesce(nullif(d.client_server, ''), d.server), 'hub', d.client_ip, coalesce(nullif(d.next_server, ''), d.server), 'delivery', d.server_ip,
        case when exists (select 1 from departure o where o.queue_node = d.queue_node and o.message_key = d.message_key) then 475 end, null, null,
        try_cast(split_part(d.source_context, ';', 2) as timestamp), d.date_time, null, null,
        case d.event_id when 'DELIVER' then 'accepted' when 'DELIVERFAIL' then 'refused' else 'duplicate' end,
        case when d.event_id = 'DELIVERFAIL' then array_to_string(d.recipient_status, '; ') end, 'observed', d.queue_node, null,
        [struct_pack(file_id := d.file_id, line_number := d.line_number)]
    from delivery_row d
),
proto_in as (
    -- a Transport, Front End or Edge service took the message by SMTP
    select 'proto_in', t.message_key, t.kind,
        case when t.service = 'frontend' and t.reply_node is not null then 'fe:' || t.reply_node else coalesce(t.reply_node, concat(t.session_key, '#', t.transaction_number)) end,
        case when t.kind <> 'receive' or t.server_auth then t.peer_server end,
        case t.kind when 'proxy' then 'frontend' when 'submit' then 'submission' when 'transfer' then coalesce(f.service, 'hub') when 'receive' then f.service end,
        t.remote_ip, coalesce(t.server, t.next_server), t.service, t.local_ip, t.local_port, t.send_connector, t.connector_id, t.started_at, t.ended_at,
        t.tls_version, t.auth_user, case when t.is_accepted then 'accepted' when t.reply_code is null then 'unknown' else 'refused' end, t.reply_text,
        case when t.is_sure then t.identity_basis else 'inferred' end,
        case when t.service = 'frontend' then null when t.kind = 'proxy' then 'fe:' || t.reply_node end,
        case when t.service = 'frontend' then 'fe:' || t.reply_node else t.reply_node end, t.evidence
    from (
        select t.*, case when t.service = 'frontend' then 'receive' else coalesce(j.verdict.kind, case when t.proxied_session_id is not null or t.proxy_accepted then 'proxy'
                when t.server_auth and t.peer_server is not null then 'transfer' when contains(coalesce(t.reply_text, ''), 'InternalId') and t.local_port = 2525 then 'proxy' else 'receive' end) end as kind,
            t.service = 'frontend' or coalesce(j.verdict.rank <= 6, t.proxied_session_id is not null or t.proxy_accepted or not t.server_auth) as is_sure
        from carried t left join hop_origin j on j.node = t.reply_node and j.message_key = t.message_key
        where t.direction = 'receive' and t.service <> 'delivery' and not (t.service = 'frontend' and t.local_port = 717)
            and (t.is_accepted or t.service in ('frontend', 'edge') or not t.server_auth)
    ) t left join our_server f on f.server = t.peer_server
),
proto_reply as (
    -- the front end's own log alone: its final reply names the hub that took the message
    select 'proto_reply', t.message_key, 'proxy', t.reply_node, t.server, 'frontend', t.local_ip, t.next_server, 'hub', null, null, null, null, t.ended_at, t.ended_at,
        null, null, 'accepted', t.reply_text, 'inferred', 'fe:' || t.reply_node, t.reply_node, t.evidence
    from carried t left join receipt r on r.server = t.next_server and r.internal_message_id = t.server_internal_id and r.message_key = t.message_key
    where t.direction = 'receive' and t.service = 'frontend' and t.local_port <> 717 and t.is_accepted and t.reply_node is not null and r.node is null
        and not exists (select 1 from carried x where x.message_key = t.message_key and x.reply_node = t.reply_node
            and (x.direction = 'send' and x.service = 'frontend' or x.direction = 'receive' and x.service = 'hub'))
),
proto_client as (
    -- behind the client proxy the Front End is blind: its session is known by the SID that the hub saw (J3)
    select 'proto_client', t.message_key, 'receive', 'fe:' || t.reply_node, null, null, f.remote_ip, f.server, 'frontend', f.local_ip, f.local_port,
        null, f.connector_id, t.started_at, t.ended_at, f.tls_version, f.auth_user, 'accepted', null, 'observed', null, 'fe:' || t.reply_node, f.evidence
    from carried t join link l on l.join_name = 'J3' and l.to_key = t.session_key and l.basis = 'observed'
    join session f on f.session_key = l.from_key and f.message_count = 0
    where t.direction = 'receive' and t.service = 'hub' and t.is_accepted and t.reply_node is not null
),
proto_deliver as (
    -- Mailbox Delivery's own session, where neither its tracking nor the hub's logs show that hand-over
    select 'proto_in', t.message_key, 'deliver', concat(t.session_key, '#', t.transaction_number), coalesce(o.server, t.peer_server), 'hub', t.remote_ip, coalesce(t.server, t.next_server), 'delivery', t.local_ip, t.local_port,
        t.send_connector, t.connector_id, t.started_at, t.ended_at, t.tls_version, t.auth_user,
        case when t.is_accepted then 'accepted' when t.reply_code is null then 'unknown' when t.reply_code < 500 then 'deferred' else 'refused' end, t.reply_text, t.identity_basis, null, null, t.evidence
    from carried t join session s on s.session_key = t.session_key
    -- a server that logged on says who it is; its address may be a translated one
    left join our_server o on s.server_auth and o.server = upper(split_part(s.helo_name, '.', 1))
    left join session_pair p on p.receive_key = t.session_key and p.is_only
    where t.direction = 'receive' and t.service = 'delivery' and t.mid is not null
        and not exists (select 1 from carried x where x.session_key = p.send_key and x.message_key = t.message_key)
        and not exists (select 1 from delivery_row d where d.message_key = t.message_key and d.server = t.server and split_part(d.source_context, ';', 1) = s.session_id)
        and not exists (select 1 from departure d where d.message_key = t.message_key and d.kind = 'deliver' and coalesce(nullif(d.next_server, ''), d.address_server) = t.server
            and d.date_time between t.started_at - interval 5 minutes and t.ended_at + interval 5 minutes)
),
proto_through as (
    -- a hub handed it to the Front End for the outside (717), and nothing of that hub shows it
    select 'proto_in', t.message_key, 'proxy', concat(t.session_key, '#', t.transaction_number) as anchor, coalesce(o.server, t.peer_server), 'hub', t.remote_ip, t.server as to_server, 'frontend', t.local_ip, t.local_port,
        t.send_connector, t.connector_id, t.started_at, t.ended_at, t.tls_version, t.auth_user,
        case when t.is_accepted then 'accepted' when t.reply_code is null then 'unknown' when t.reply_code < 500 then 'deferred' else 'refused' end, t.reply_text, t.identity_basis, null,
        concat('fx:', t.server, ':', t.session_key, '#', t.transaction_number), t.evidence
    from carried t join session s on s.session_key = t.session_key
    left join our_server o on s.server_auth and o.server = upper(split_part(s.helo_name, '.', 1))
    where t.direction = 'receive' and t.service = 'frontend' and t.local_port = 717
        and (t.mid is not null or exists (select 1 from carried x where x.message_key = t.message_key and x.direction = 'send'))
        and not exists (select 1 from carried x where x.message_key = t.message_key and x.direction = 'send' and x.remote_port = 717)
        and not exists (select 1 from departure d where d.message_key = t.message_key and d.kind = 'proxy')
),
passed as (
    -- the one queue entry of a message that a Front End handed on to the outside
    select message_key, server, min(node) as node from (
        select message_key, coalesce(peer_server, '?') as server, coalesce(queue_node, session_key) as node from carried where direction = 'send' and remote_port = 717
        union all select message_key, coalesce(address_server, nullif(next_server, ''), '?'), queue_node from departure where kind = 'proxy'
        union all select message_key, to_server, anchor from proto_through)
    group by message_key, server having count(distinct node) = 1
),
proto_out as (
    select 'proto_out', t.message_key, t.kind,
        case when t.kind = 'receive' then 'fe:' || t.reply_node
            when t.service = 'frontend' and t.kind = 'external' then concat('fx>x:', t.server, ':', t.remote_ip)
            when t.service in ('frontend', 'submission') then coalesce(t.reply_node, concat(t.session_key, '#', t.transaction_number))
            when t.kind = 'deliver' then concat(coalesce(t.queue_node, t.session_key), '>d:', coalesce(t.next_server, t.peer_server, t.remote_ip))
            when t.remote_port = 717 then coalesce(t.queue_node, t.session_key) || '>fe'
            when t.kind = 'transfer' then t.reply_node
            else concat(coalesce(t.queue_node, t.session_key), '>x:', t.remote_ip) end,
        t.server, t.service, t.local_ip,
        case when t.kind = 'external' then null when t.kind = 'receive' then t.peer_server
            when t.reply_node is not null then split_part(t.reply_node, '#', 1) else coalesce(t.peer_server, t.next_server) end,
        case when t.kind = 'external' then null when t.kind = 'receive' then 'frontend' when t.remote_port = 475 then 'delivery' when t.remote_port = 717 then 'frontend'
            when e.service is not null then 'edge' when t.remote_port in (2525, 465) or contains(t.connector_id, 'Intra-Organization') or t.peer_service = 'hub' then 'hub' end,
        t.remote_ip, t.remote_port, t.connector_id, t.receive_connector, t.started_at, t.ended_at, t.tls_version, null,
        case when t.is_accepted then 'accepted' when t.reply_code is null then 'unknown'
            when t.reply_code < 500 then 'deferred' else 'refused' end, t.reply_text, case when t.is_sure then t.identity_basis else 'inferred' end,
        case when t.service = 'frontend' and t.kind = 'external' then concat('fx:', t.server, ':', coalesce(t.hub_node, p.node))
            when t.service = 'frontend' then 'fe:' || coalesce(t.reply_node, concat(t.session_key, '#', t.transaction_number)) else t.queue_node end,
        case when t.remote_port = 717 then concat('fx:', coalesce(t.peer_server, '?'), ':', coalesce(t.queue_node, t.session_key)) when t.kind = 'receive' then 'fe:' || t.reply_node else t.reply_node end, t.evidence
    from (
        select t.*, case when t.service = 'frontend' and t.remote_port not in (2525, 465) then 'external'
                when t.service = 'frontend' then 'proxy' when t.service = 'submission' then 'submit'
                when t.remote_port = 475 then 'deliver' when t.remote_port = 717 then 'proxy'
                when t.reply_node is not null and t.remote_port = 25 and (t.peer_service = 'frontend' or j.verdict.kind = 'proxy') then 'receive'
                when t.reply_node is not null then 'transfer' else 'external' end as kind,
            t.service in ('frontend', 'submission') or t.remote_port in (475, 717, 2525) or t.reply_node is null or t.peer_service is not null
                or coalesce(j.verdict.rank <= 6, false) as is_sure
        from carried t left join hop_origin j on j.node = t.reply_node and j.message_key = t.message_key
        where t.direction = 'send' and (t.mid is not null or t.has_recipients)
    ) t left join our_server e on e.server = split_part(t.reply_node, '#', 1)
    left join passed p on p.message_key = t.message_key and p.server = t.server
),
expansion as (
    -- a group inside a group: the first expansion that names it as a member
    select i.file_id, i.line_number, min({moment: o.date_time, address: o.related_recipient_address}).address as outer_address
    from track i join track o on i.event_id in ('EXPAND', 'REDIRECT') and o.event_id = 'EXPAND' and o.message_key = i.message_key and o.server = i.server
        and o.internal_message_id = i.internal_message_id and o.related_recipient_address <> i.related_recipient_address
        and list_contains(list_transform(o.recipient_address, lambda x: lower(x)), lower(i.related_recipient_address))
    group by i.file_id, i.line_number
),
shadowed as (
    -- the shadow copy and the queue entry of its primary
    select message_key, reply_internal_id as shadow_id, upper(split_part(regexp_extract(source_context, '^([^= ]+)', 1), '.', 1)) as shadow_server,
        min(concat(server, '#', internal_message_id)) as primary_node
    from track where event_id = 'HAREDIRECT' and reply_internal_id is not null and internal_message_id is not null
    group by message_key, reply_internal_id, upper(split_part(regexp_extract(source_context, '^([^= ]+)', 1), '.', 1))
),
at_queue as (
    select t.*, concat(t.server, '#', t.internal_message_id) as node, x.outer_address, s.primary_node, coalesce(e.service, 'hub') as service,
        nullif(trim(t.reference, '{}<> '), '') as cause
    from track t left join expansion x on x.file_id = t.file_id and x.line_number = t.line_number
    left join shadowed s on t.event_id = 'RESUBMIT' and s.message_key = t.message_key and s.shadow_server = t.server and s.shadow_id = try_cast(trim(t.reference, '{}<> ') as bigint)
    left join our_server e on e.server = t.server
    where t.event_id in ('EXPAND', 'DSN', 'TRANSFER', 'REDIRECT', 'RESUBMIT') and t.internal_message_id is not null and t.message_key is not null
),
tracking_fork as (
    select 'tracking_fork', message_key, case event_id when 'EXPAND' then 'expand' when 'DSN' then 'dsn' else 'fork' end,
        case event_id when 'EXPAND' then concat(node, '>expand:', lower(related_recipient_address)) when 'REDIRECT' then concat(node, '>redirect:', lower(related_recipient_address))
            when 'DSN' then node || '>dsn' else node || '>fork' end,
        server, service, null, server, service, null, null, null, null, date_time, date_time, null, null,
        case event_id when 'EXPAND' then 'expanded' when 'DSN' then 'report created' when 'REDIRECT' then 'redirected' when 'RESUBMIT' then 'resubmitted' else 'forked' end,
        source_context, 'observed',
        case when event_id = 'TRANSFER' then concat(server, '#', cause) when event_id = 'RESUBMIT' then coalesce(primary_node, concat(server, '#', cause))
            when event_id = 'DSN' then null when outer_address is not null then concat(node, '>expand:', lower(outer_address)) else node end,
        case when event_id in ('TRANSFER', 'DSN', 'RESUBMIT') then node when event_id = 'EXPAND' then concat(node, '>expand:', lower(related_recipient_address)) end,
        [struct_pack(file_id := file_id, line_number := line_number)]
    from at_queue
),
united as (
    select * from tracking_in union all select * from tracking_submit union all select * from tracking_frontend union all select * from tracking_out
    union all select * from tracking_deliver union all select * from proto_in union all select * from proto_reply union all select * from proto_client union all select * from proto_through
    union all select * from proto_deliver
    union all select * from proto_out union all select * from tracking_fork
)
select row_number() over () as part_key, * from united where message_key is not null
