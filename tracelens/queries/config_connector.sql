-- Receive connectors of the imported configuration with what their sessions show, busiest first.
with used as (
    select server, lower(regexp_extract(connector_id, '[^\\]*$')) as folded, count(*) as session_count, cast(sum(message_count) as bigint) as message_count,
        count(distinct remote_ip) as client_count, count(tls_version) as tls_count, count(auth_user) as logon_count, max(opened_at) as last_at
    from session where direction = 'receive' and not is_noise group by server, lower(regexp_extract(connector_id, '[^\\]*$'))
)
select c.connector_key, c.server, c.name, c.is_enabled, c.transport_role, c.bindings, c.remote_ip_ranges, c.auth_mechanism, c.permission_groups,
    c.any_recipient, c.any_recipient_basis, c.protocol_logging_level, c.require_tls, c.changed_at, c.is_incomplete,
    coalesce(u.session_count, 0) as session_count, coalesce(u.message_count, 0) as message_count, coalesce(u.client_count, 0) as client_count,
    coalesce(u.tls_count, 0) as tls_count, coalesce(u.logon_count, 0) as logon_count, u.last_at
from connector c left join used u on u.server = c.server and u.folded = lower(c.name)
order by session_count desc, c.connector_key
