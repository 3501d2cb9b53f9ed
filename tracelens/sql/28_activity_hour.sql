-- Messages that one client, one receive connector or one account brought in an hour.
-- column entity_kind: client, connector, account
-- column entity: address; connector with its server; account without domain
-- column message_count: transactions that were accepted
-- grain: entity_kind, entity, hour
-- kind: table
-- basis: observed
with taken as (
    select t.session_key, date_trunc('hour', t.started_at) as hour, t.started_at, t.server, t.connector_id, t.remote_ip, t.auth_user,
        t.evidence[1].file_id as file_id, t.evidence[1].line_number as line_number
    from transaction t where t.direction = 'receive' and t.is_accepted and not t.is_noise and t.started_at is not null
        and not t.server_auth and t.service in ('frontend', 'hub', 'edge', 'unknown')
),
named as (
    select 'client' as entity_kind, remote_ip as entity, * from taken where remote_ip is not null
    union all
    select 'connector', connector_id, * from taken where connector_id is not null
    union all
    select 'account', lower(split_part(split_part(auth_user, '\', -1), '@', 1)), * from taken where coalesce(auth_user, '') <> ''
)
select entity_kind, entity, hour, count(*) as message_count, count(distinct session_key) as session_count, min(server) as server,
    case when min(connector_id) = max(connector_id) then max(connector_id) end as connector_id, case when min(remote_ip) = max(remote_ip) then max(remote_ip) end as remote_ip,
    min(started_at) as first_at, max(started_at) as last_at, min({moment: started_at, file_id: file_id, line_number: line_number}) as first_row
from named where entity <> '' group by entity_kind, entity, hour
