-- One hand-over of a message, put together from all logs that witness it.
-- grain: hop_key
-- kind: table
-- basis: observed where a log of either side shows it, inferred where only a later log reports it
with recursive merged as (
    select message_key, kind, anchor,
        max(from_server) as from_server, max(from_service) as from_service,
        max({rank: case when witness in ('proto_in', 'proto_client') then 2 when witness = 'tracking_frontend' then 3 else 1 end, ip: from_ip}) filter (from_ip is not null).ip as from_ip,
        max(to_server) as to_server, max(to_service) as to_service, max(to_ip) as to_ip, max(to_port) as to_port,
        max(send_connector) as send_connector,
        max({rank: case when witness in ('proto_in', 'proto_client') then 2 else 1 end, name: receive_connector}) filter (receive_connector is not null).name as receive_connector,
        min(started_at) as started_at, max(ended_at) as ended_at, max(tls_version) as tls_version, max(auth_user) as auth_user,
        min(case outcome when 'accepted' then '1accepted' when 'expanded' then '1expanded' when 'redirected' then '1redirected' when 'forked' then '1forked' when 'resubmitted' then '1resubmitted'
            when 'report created' then '1report created' when 'duplicate' then '2duplicate' when 'deferred' then '3deferred' when 'refused' then '4refused' else '5unknown' end) as outcome,
        max({moment: ended_at, text: reply_text}) filter (reply_text is not null).text as reply_text,
        min(basis) filter (basis = 'observed') as observed, max(from_node) as from_node, max(to_node) as to_node,
        list_sort(list_distinct(flatten(list(evidence)))) as evidence
    from hop_part where not (kind in ('dsn') and anchor not like '%>dsn' and exists (
        select 1 from hop_part d where d.message_key = hop_part.message_key and d.kind = 'dsn' and d.anchor = hop_part.anchor || '>dsn'))
    group by message_key, kind, anchor
),
keyed as (
    select *, md5(concat_ws('|', message_key, kind, anchor)) as hop_key from merged
),
parent as (
    select c.hop_key, min({rank: case when p.kind = 'fork' then 0 else 1 end, moment: p.started_at, key: p.hop_key}).key as parent_hop_key
    from keyed c join keyed p on p.message_key = c.message_key and p.to_node = c.from_node and p.hop_key <> c.hop_key
    group by c.hop_key
),
rooted as (
    select k.*, p.parent_hop_key, case k.kind when 'receive' then 0 when 'submit' then 0 when 'proxy' then 1 when 'dsn' then 0 when 'transfer' then 2 when 'fork' then 3 when 'expand' then 3 else 4 end as stage
    from keyed k left join parent p on p.hop_key = k.hop_key
),
placed as (
    select *, concat(lpad(cast(coalesce(date_diff('microsecond', timestamp '1970-01-01 00:00:00', coalesce(started_at, ended_at)), 0) as varchar), 20, '0'),
        cast(stage as varchar), anchor, '|') as place from rooted
),
deep as (
    -- numbers follow the tree: a hop, then what comes after it, branches in order of their start
    select hop_key, 0 as depth, place as tree_place from placed where parent_hop_key is null
    union all
    select p.hop_key, d.depth + 1, d.tree_place || p.place from placed p join deep d on p.parent_hop_key = d.hop_key where d.depth < 30
),
numbered as (
    select r.*, row_number() over (partition by r.message_key order by d.tree_place nulls last, r.place) as hop_number,
        q.ended_at as parent_ended_at
    from placed r left join deep d on d.hop_key = r.hop_key left join rooted q on q.hop_key = r.parent_hop_key
)
select hop_key, message_key, hop_number, parent_hop_key, kind, from_server, from_service, from_ip, to_server, to_service, to_ip, to_port,
    send_connector, receive_connector, coalesce(started_at, ended_at) as started_at, ended_at,
    case when started_at is not null and ended_at >= started_at then cast(floor(date_diff('microsecond', started_at, ended_at) / 1000) as bigint) end as transit_ms,
    cast(null as bigint) as corrected_ms, cast(null as bigint) as bound_ms,
    case when started_at >= parent_ended_at then cast(floor(date_diff('microsecond', parent_ended_at, started_at) / 1000) as bigint) end as wait_ms,
    tls_version, auth_user, substr(outcome, 2) as outcome, reply_text,
    case when observed is not null then 'observed' else 'inferred' end as basis, evidence
from numbered
