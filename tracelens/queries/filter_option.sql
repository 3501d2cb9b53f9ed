-- Names to filter by: servers, connectors and TLS versions of the store.
select 'server' as kind, server as name from session where server is not null group by all
union all
select 'server', from_server from hop where from_server is not null group by all
union all
select 'connector', connector_id from session where connector_id <> '' group by all
union all
select 'tls', tls_version from session where tls_version is not null group by all
order by kind, name
