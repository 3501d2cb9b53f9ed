-- How a queue entry came to be, judged by all its witnesses; a verdict above rank 6 is a guess.
-- grain: node, message_key
-- kind: temp
-- by: message
with claim as (
    -- what each witness says about how a queue entry came to be; above rank 5 it is a guess
    select node, message_key, case when source = 'DSN' then 'dsn' when frontend_server is not null or contains(coalesce(connector_id, ''), 'Client Proxy') then 'proxy'
            when source = 'STOREDRIVER' then 'submit' when source <> 'SMTP' then 'fork' end as kind, case when source = 'STOREDRIVER' then 4 else 1 end as rank
    from receipt where source <> 'SMTP' or frontend_server is not null or contains(coalesce(connector_id, ''), 'Client Proxy')
    union all
    select coalesce(next_node, reply_node), message_key, 'transfer', case when is_sure then 2 else 8 end from departure where kind = 'transfer'
    union all
    select coalesce(next_node, reply_node), message_key, 'proxy', case when is_sure then 2 else 8 end from departure where kind = 'receive'
    union all
    select r.node, r.message_key, 'submit', 3 from receipt r join submitted s on s.message_key = r.message_key and s.next_server = r.server
    union all
    -- the same where the hub's tracking is not here, and its session was with that server
    select t.reply_node, t.message_key, 'submit', 3 from carried t
    join submitted s on s.message_key = t.message_key and s.next_server = t.next_server and s.client_server = coalesce(t.peer_server, s.client_server)
    where t.direction = 'receive' and t.service = 'hub' and t.local_port = 2525 and t.reply_node is not null
    union all
    select reply_node, message_key, case when service = 'frontend' then 'proxy' when service = 'submission' then 'submit'
            when remote_port = 2525 then 'transfer' when peer_service = 'frontend' or peer_service is null and peer_server <> next_server then 'proxy' else 'transfer' end,
        case when service in ('frontend', 'submission') or remote_port = 2525 or peer_service is not null then 1 when peer_server <> next_server then 2 else 8 end
    from carried where direction = 'send' and reply_node is not null
    union all
    select reply_node, message_key, 'proxy', 1 from carried where direction = 'receive' and reply_node is not null
        and (service = 'frontend' and local_port <> 717 or service = 'hub' and (proxied_session_id is not null or proxy_accepted))
    union all
    select t.reply_node, t.message_key, case when t.server_auth and t.peer_server is not null then 'transfer' when contains(coalesce(t.reply_text, ''), 'InternalId') and t.local_port = 2525 then 'proxy' else 'receive' end,
        case when t.server_auth or t.local_port = 2525 then 9 else 5 end
    from carried t where t.direction = 'receive' and t.reply_node is not null and t.service <> 'frontend'
    union all
    -- nothing but the row itself: a newer hub takes mail on its default connector only from servers; Submission hands nothing to an Edge server; a name without domain is a client's that logged on
    select r.node, r.message_key, case when a.server is null and o.server is null and (not r.is_full_name or not regexp_matches(coalesce(r.message_info, ''), '^[0-9A-Fa-f]{2}I')) then 'receive'
            when r.directionality = 'Originating' and q.node is null and e.service is null then 'submit'
            -- a hub hands nothing to itself: its own Front End did
            when r.client_server = r.server and r.network_message_id is not null and e.service is null then 'proxy' else 'transfer' end,
        case when a.server is null and o.server is null and not regexp_matches(coalesce(r.message_info, ''), '^[0-9A-Fa-f]{2}I')
            and (r.network_message_id is null or e.service is not null or not contains(coalesce(r.connector_id, ''), '\Default ')) then 6 else 9 end
    from receipt r left join our_address a on a.ip = r.client_ip left join our_server o on o.server = r.client_server
    left join our_server e on e.server = r.server
    -- that server had the message in its queue, and not only because this one gave it back
    left join (
        select p.message_key, p.server, min(p.node) as node from (
            select message_key, server, node from receipt
            union all select message_key, next_server, reply_node from carried where reply_node is not null and is_accepted and service in ('hub', 'submission')
        ) p left join departure d on d.message_key = p.message_key and d.next_node = p.node
        where d.queue_node is null group by p.message_key, p.server
    ) q on q.message_key = r.message_key and q.server = r.client_server and q.node <> r.node
    where r.source = 'SMTP'
)
select node, message_key, min({rank: rank, kind: kind}) as verdict from claim group by node, message_key
