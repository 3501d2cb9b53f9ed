-- Header lines that are given as JSON, not ingested, held against the logs. The text of the model `header_check` judges them: one judge for both.
with given as (
    select unnest(from_json($rows, '[{"line_number": "BIGINT", "kind": "VARCHAR", "date_time": "TIMESTAMP", "hop_number": "BIGINT", "from_host": "VARCHAR", "from_ip": "VARCHAR", "by_host": "VARCHAR", "by_ip": "VARCHAR", "server": "VARCHAR", "via": "VARCHAR", "protocol": "VARCHAR", "tls_version": "VARCHAR", "message_id": "VARCHAR", "text": "VARCHAR"}]'), recursive := true)
),
header_hop as (
    select cast(0 as bigint) as file_id, given.* from given
),
asked as (
    select distinct trim(message_id, '<> ') as mid from header_hop where trim(message_id, '<> ') <> ''
),
held as (
    select message_id as mid, min(message_key) as message_key, count(*) as message_count from message where message_id in (select mid from asked) group by message_id
),
told_message as (
    select 'header' as source, a.mid, cast(null as varchar) as nmid, case when h.message_count = 1 then h.message_key else 'id:' || a.mid end as message_key
    from asked a left join held h on h.mid = a.mid
),
logged_hop as (
    select hop_key, message_key, kind, hop_key as anchor, from_server, case when from_ip is null then [] else [from_ip] end as from_ips, to_server, to_service, to_ip,
        started_at, ended_at, reply_text, cast(null as varchar) as from_node, cast(null as varchar) as to_node
    from hop where basis <> 'reported' and message_key in (select message_key from told_message)
),
header_check as (
{header_check}
)
select c.message_id, h.message_key, coalesce(h.message_count, 0) as message_count, c.hop_number, c.state, c.reason, c.role, c.kind, c.from_host, c.from_ip, c.by_host, c.by_ip,
    c.said_at, c.logged_at, c.hop_key, cast(null as varchar) as path, c.line_number as line
from header_check c left join held h on h.mid = c.message_id
order by c.message_id, c.hop_number, c.line_number
