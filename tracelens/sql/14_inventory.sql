-- Addresses with a role, known from the logs themselves: the local side of any session is a server of ours.
-- grain: network, role
-- kind: table
-- basis: observed
with seen as (
    select local_ip as ip, server, 'local address in the SMTP logs' as basis from session where local_ip is not null
    union all
    select server_ip, server, 'server-ip of a RECEIVE row' from tracking_event where event_id = 'RECEIVE' and source = 'SMTP' and server_ip is not null
    union all
    select client_ip, server, 'client-ip of a SEND row' from tracking_event where event_id in ('SEND', 'SENDEXTERNAL') and client_ip is not null
    union all
    select regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 2), upper(split_part(regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 1), '.', 1)),
        'ProxyHop1 of a RECEIVE row' from tracking_event where contains(custom_data, 'ProxyHop1=')
    union all
    select remote_ip, upper(split_part(helo_name, '.', 1)), 'Exchange authentication' from session
    where direction = 'receive' and server_auth and remote_ip is not null and helo_name is not null
    union all
    select remote_ip, nullif(upper(split_part(split_part(banner, ' ', 2), '.', 1)), ''), 'answered on an Exchange-only port' from session
    where direction = 'send' and remote_port in (2525, 465, 475, 717) and remote_ip is not null
)
select ip as network, 'server' as role, min(server) as server, string_agg(distinct basis, '; ' order by basis) as basis
from seen where ip is not null and ip <> '' group by ip
