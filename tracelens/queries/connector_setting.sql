-- The imported configuration of one connector, a row per property that is set.
with receiving as (
    select unnest([
        {name: 'enabled', value: cast(enabled as varchar)}, {name: 'transport role', value: transport_role},
        {name: 'bindings', value: array_to_string(bindings, ', ')}, {name: 'remote IP ranges', value: array_to_string(remote_ip_ranges, ', ')},
        {name: 'auth mechanism', value: array_to_string(auth_mechanism, ', ')}, {name: 'permission groups', value: array_to_string(permission_groups, ', ')},
        {name: 'protocol logging', value: protocol_logging_level}, {name: 'FQDN', value: fqdn}, {name: 'banner', value: banner},
        {name: 'require TLS', value: cast(require_tls as varchar)}, {name: 'TLS certificate', value: tls_certificate_name},
        {name: 'largest message, bytes', value: cast(max_message_bytes as varchar)}, {name: 'tarpit interval', value: tarpit_interval}]) as setting
    from receive_connector where $direction = 'receive' and (lower(identity) = lower($connector) or (lower(name) = lower($connector) and server = $server))
),
sending as (
    select unnest([
        {name: 'enabled', value: cast(enabled as varchar)}, {name: 'address spaces', value: array_to_string(address_spaces, ', ')},
        {name: 'smart hosts', value: array_to_string(smart_hosts, ', ')}, {name: 'DNS routing', value: cast(dns_routing_enabled as varchar)},
        {name: 'source servers', value: array_to_string(source_transport_servers, ', ')}, {name: 'port', value: cast(port as varchar)},
        {name: 'front end proxies', value: cast(frontend_proxy_enabled as varchar)}, {name: 'require TLS', value: cast(require_tls as varchar)},
        {name: 'TLS level', value: tls_auth_level}, {name: 'TLS domain', value: tls_domain}, {name: 'TLS certificate', value: tls_certificate_name},
        {name: 'protocol logging', value: protocol_logging_level}, {name: 'FQDN', value: fqdn}]) as setting
    from send_connector where $direction = 'send' and (lower(identity) = lower($connector) or lower(name) = lower($connector))
)
select setting.name as name, setting.value as value from receiving where setting.value is not null and setting.value <> ''
union all
select setting.name, setting.value from sending where setting.value is not null and setting.value <> ''
