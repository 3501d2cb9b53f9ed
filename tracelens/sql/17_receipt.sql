-- A message taken into the queue of one Transport service: the fixed point that hops in and out are tied to.
-- column is_full_name: the client gave its name with a domain, as servers do
-- grain: server, internal_message_id, message_key
-- kind: temp
with taken as (
    select * from track where event_id = 'RECEIVE' and internal_message_id is not null and message_key is not null
),
smtp as (
    select distinct message_key from taken where source = 'SMTP'
),
queued as (
    select distinct message_key, server, internal_message_id from track
    where internal_message_id is not null and event_id in ('SEND', 'SENDEXTERNAL', 'DELIVER', 'FAIL', 'EXPAND', 'DEFER', 'TRANSFER')
),
united as (
    -- a mailbox server of 2013 and later also writes RECEIVE by STOREDRIVER, with a number of its own that is no queue entry
    select t.* from taken t where t.source <> 'STOREDRIVER'
    union all
    select t.* from taken t join queued q on q.message_key = t.message_key and q.server = t.server and q.internal_message_id = t.internal_message_id
    left join smtp s on s.message_key = t.message_key
    where t.source = 'STOREDRIVER' and (s.message_key is null or t.network_message_id is null)
),
ranked as (
    select *, row_number() over (partition by server, internal_message_id, message_key order by date_time, file_id, line_number) as rank
    from united
)
select message_key, mid, network_message_id, server, internal_message_id, concat(server, '#', internal_message_id) as node, date_time, source, client_ip, client_server, contains(coalesce(client_hostname, ''), '.') as is_full_name, server_ip,
    connector_id, context_session, try_cast(split_part(source_context, ';', 2) as timestamp) as context_at, directionality, reference, message_info,
    nullif(upper(split_part(regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 1), '.', 1)), '') as frontend_server,
    nullif(regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 2), '') as frontend_ip,
    coalesce(nullif(regexp_extract(custom_data, 'ProxiedClientIPAddress=([^;]+)', 1), ''), original_client_ip) as original_client_ip,
    file_id, line_number
from ranked where rank = 1
