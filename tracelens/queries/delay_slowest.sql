-- The recipients that waited longest, with the hand-over that took the most time.
with slowest as (
    select l.message_key, l.leg_key
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed', 'failed', 'deferred') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
    order by l.total_ms desc, l.leg_key limit $limit
),
late as (
    select l.message_key, l.leg_key, l.recipient_address, l.status, l.total_ms, m.first_at, m.message_id, m.sender_address, m.message_subject
    from slowest s join leg l on l.leg_key = s.leg_key and l.message_key = s.message_key join message m on m.message_key = s.message_key
),
longest as (
    select h.message_key, max({cost: greatest(coalesce(h.corrected_ms, 0), coalesce(case when h.wait_bound_ms is not null then h.wait_ms end, 0)), key: h.hop_key}).key as hop_key
    from hop h where h.message_key in (select message_key from late) group by h.message_key
)
select a.message_key, a.total_ms, a.first_at, a.status, a.sender_address, a.recipient_address, a.message_subject, a.message_id,
    concat_ws(' ', h.kind, coalesce(h.from_server, h.from_ip), '→', coalesce(h.to_server, h.to_ip)) as longest_hop, h.wait_ms,
    case when h.corrected_ms >= h.bound_ms then h.corrected_ms end as transit_ms
from late a left join longest g on g.message_key = a.message_key left join hop h on h.hop_key = g.hop_key
order by a.total_ms desc, a.leg_key
