-- A message taken into the queue of one Transport service: the fixed point that hops in and out are tied to.
-- grain: server, internal_message_id, message_key
-- kind: temp
with smtp as (
    select * from track where event_id = 'RECEIVE' and source = 'SMTP' and internal_message_id is not null and message_key is not null
),
other as (
    select t.* from track t
    where t.event_id = 'RECEIVE' and t.source <> 'SMTP' and t.internal_message_id is not null and t.message_key is not null
        and not exists (select 1 from smtp s where s.message_key = t.message_key)
        and exists (select 1 from track x where x.message_key = t.message_key and x.server = t.server and x.internal_message_id = t.internal_message_id
            and x.event_id in ('SEND', 'SENDEXTERNAL', 'DELIVER', 'FAIL', 'EXPAND', 'DEFER', 'TRANSFER'))
),
united as (
    select * from smtp union all select * from other
),
ranked as (
    select *, row_number() over (partition by server, internal_message_id, message_key order by date_time, file_id, line_number) as rank
    from united
)
select message_key, mid, server, internal_message_id, concat(server, '#', internal_message_id) as node, date_time, source, client_ip, client_server, server_ip,
    connector_id, context_session, try_cast(split_part(source_context, ';', 2) as timestamp) as context_at,
    nullif(upper(split_part(regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 1), '.', 1)), '') as frontend_server,
    nullif(regexp_extract(custom_data, 'ProxyHop1=([^(;]+)\(([^)]*)\)', 2), '') as frontend_ip,
    coalesce(nullif(regexp_extract(custom_data, 'ProxiedClientIPAddress=([^;]+)', 1), ''), original_client_ip) as original_client_ip,
    file_id, line_number
from ranked where rank = 1
