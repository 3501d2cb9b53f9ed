-- An address or range with a role: what `[[inventory]]` in tracelens.toml says, else what the logs and connectors show.
-- A server of ours is the local side of a session or proves itself; all other roles come from how an address behaves.
-- column role: server, loadbalancer, gateway, exo, relay-client, scanner, monitor
-- column server: name of the server, where it is one of ours
-- column site: site of a server, where tracelens.toml or an export of Get-ExchangeServer gives it
-- column basis: what the role rests on
-- column is_proven: no stranger could have claimed it; only proven roles keep an address out of findings
-- column address_key: its 128 bits as 32 hex digits; NULL for a range
-- grain: network
-- kind: table
-- basis: inferred
with seen as (
    select local_ip as ip, server, 'local address in the SMTP logs' as basis, true as is_own from session where local_ip is not null
    union all
    select server_ip, server, 'server-ip of a RECEIVE row', true from tracking_event where event_id = 'RECEIVE' and source = 'SMTP' and server_ip is not null
    union all
    select client_ip, server, 'client-ip of a SEND row', true from tracking_event where event_id in ('SEND', 'SENDEXTERNAL') and client_ip is not null
    union all
    -- the connectors between servers are made by Exchange and lead to its own servers; the one to the Internet does on a mailbox server, which passes to the Edge server
    select server_ip, upper(split_part(server_hostname, '.', 1)), 'server-ip of a SEND row between servers', false from tracking_event
    where event_id in ('SEND', 'SENDEXTERNAL') and server_ip is not null
        and (contains(connector_id, 'Intra-Organization') or starts_with(connector_id, 'EdgeSync - Inbound to ') or regexp_matches(connector_id, '^EdgeSync - .* to Internet$') and server in (select server from tracking_event where source = 'STOREDRIVER'))
    union all
    select regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 2), upper(split_part(regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 1), '.', 1)),
        'ProxyHop1 of a RECEIVE row', false from tracking_event where contains(custom_data, 'ProxyHop1=')
    union all
    select remote_ip, upper(split_part(helo_name, '.', 1)), 'Exchange authentication', false from session
    where direction = 'receive' and server_auth and remote_ip is not null and helo_name is not null
    union all
    select remote_ip, nullif(upper(split_part(split_part(banner, ' ', 2), '.', 1)), ''), 'answered on an Exchange-only port', false from session
    where direction = 'send' and remote_port in (2525, 465, 475, 717) and remote_ip is not null
),
ours as (
    -- an address that several servers share (a translated or a virtual one) names none of them; whose own logs show it alone has it
    select ip as network, case when min(server) filter (is_own) = max(server) filter (is_own) then min(server) filter (is_own) when min(server) = max(server) then min(server) end as server, string_agg(distinct basis, '; ' order by basis) as basis
    from seen where ip is not null and ip <> '' group by ip
),
smarthost as (
    select a.text as network, 'smart host of Send connector ' || string_agg(distinct c.name, ', ' order by c.name) as basis
    from send_connector c cross join unnest(c.smart_hosts) as h(host)
    join address k on k.text = h.host join address a on a.address_key = k.address_key
    where coalesce(c.enabled, true) group by a.text
),
caller as (
    select remote_ip as network, count(*) as session_count, count(distinct local_port) as port_count, cast(sum(message_count) as bigint) as message_count,
        cast(sum(case when message_count > 0 then accepted_count else 0 end) as bigint) as taken_count, cast(sum(auth_failure_count) as bigint) as failure_count,
        count(*) filter (noise_filter = 'loadbalancer-probe') as bare_count, count(*) filter (noise_filter = 'loadbalancer-probe' and helo_name is not null) as greeting_count,
        count(auth_user) as logon_count, coalesce(bool_or(server_auth), false) as is_server,
        count(*) filter (regexp_matches(lower(helo_name), '\.(outbound\.protection|prod)\.(outlook|office365)\.com$')) as cloud_count,
        count(*) filter (contains(peer_trust, 'AcceptCloudServicesMail') and contains(peer_trust, '''Success''')) as trust_count
    from session where direction = 'receive' and remote_ip is not null group by remote_ip
),
sender as (
    select remote_ip as network, count(distinct lower(split_part(mail_from, '@', 2))) as sender_domain_count
    from transaction where direction = 'receive' and is_accepted and not is_noise and auth_user is null and contains(mail_from, '@') group by remote_ip
),
behaved as (
    select c.network,
        case when c.cloud_count > 0 and c.cloud_count * 2 >= c.session_count then 'exo'
            when c.bare_count >= 20 and c.bare_count * 20 >= c.session_count * 19 then case when c.greeting_count * 2 > c.bare_count then 'monitor' else 'loadbalancer' end
            when c.message_count = 0 and c.port_count >= 3 and c.session_count > c.bare_count then 'scanner'
            when c.taken_count > 0 and c.logon_count = 0 and p.sender_domain_count >= 5 and regexp_matches(c.network, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|f[cd])') then 'gateway'
            when c.taken_count > 0 and c.logon_count = 0 and regexp_matches(c.network, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|f[cd])') then 'relay-client' end as role,
        case when c.cloud_count > 0 and c.cloud_count * 2 >= c.session_count then 'calls itself Exchange Online (HELO), which anybody can'
            when c.bare_count >= 20 and c.bare_count * 20 >= c.session_count * 19 then cast(c.bare_count as varchar) || ' of ' || cast(c.session_count as varchar) || ' sessions without a mail or a logon'
            when c.message_count = 0 and c.port_count >= 3 and c.session_count > c.bare_count then 'tried ' || cast(c.port_count as varchar) || ' ports and sent nothing'
            when p.sender_domain_count >= 5 then 'hands in mail of ' || cast(p.sender_domain_count as varchar) || ' sender domains without logon'
            else 'sends without logon, for few sender domains' end as basis
    from caller c left join sender p on p.network = c.network where not c.is_server
),
told as (
    select address as network, role, upper(server) as server, 'tracelens.toml: ' || range_text as basis from assigned_role
    union
    select n.network, n.role, upper(n.server), 'tracelens.toml' from inventory_setting n where not exists (select 1 from assigned_role r where r.address = n.network)
),
ranked as (
    select network, 1 as rank, role, server, basis, true as is_proven from (select network, min(role) as role, min(server) as server, min(basis) as basis from told group by network)
    union all
    select network, 2, 'server', server, basis, true from ours
    union all
    select network, 3, 'gateway', null, basis, true from smarthost
    union all
    select network, 3, 'exo', null, 'its certificate was taken for that of Exchange Online', true from caller where trust_count > 0 and trust_count * 2 >= session_count
    union all
    select network, 4, role, null, basis, false from behaved where role is not null
),
exported as (
    select upper(server) as server, max(regexp_extract(extra, '"Site": "([^"]*/)?([^"/]+)"', 2)) as site from transport_server where contains(extra, '"Site": "') group by upper(server)
),
best as (
    select network, min({rank: rank, role: role, server: server, basis: basis, is_proven: is_proven}) as chosen from ranked group by network
)
select b.network, b.chosen.role as role, case when b.chosen.role = 'server' then coalesce(b.chosen.server, o.server) end as server, coalesce(t.site, nullif(x.site, '')) as site, b.chosen.basis as basis, b.chosen.is_proven as is_proven, a.family, a.address_key
from best b left join ours o on o.network = b.network left join address a on a.text = b.network
left join (select address, site from assigned_role where role = 'server') t on t.address = b.network
left join exported x on b.chosen.role = 'server' and x.server = upper(coalesce(b.chosen.server, o.server))
