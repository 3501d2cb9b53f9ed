-- The recipients that waited longest, with the hand-over that took the most time.
with waited as (
    select l.leg_key, l.message_key, l.total_ms
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed', 'failed', 'deferred') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or l.message_key in (select message_key from hop where $server <> '' and (from_server = $server or to_server = $server)))
    order by l.total_ms desc, l.leg_key limit $limit
),
slowest as (
    select l.message_key, l.leg_key, l.total_ms, l.status, l.recipient_address, m.first_at, m.sender_address, m.message_subject, m.message_id
    from waited w join leg l on l.leg_key = w.leg_key join message m on m.message_key = w.message_key
),
costly as (
    select message_key, max({cost: greatest(coalesce(corrected_ms, 0), coalesce(case when wait_bound_ms is not null then wait_ms end, 0)), hop_key: hop_key}).hop_key as hop_key
    from hop where message_key in (select message_key from waited) group by message_key
),
longest as (
    select c.message_key, concat_ws(' ', h.kind, coalesce(h.from_server, h.from_ip), '→', coalesce(h.to_server, h.to_ip)) as longest_hop, h.wait_ms,
        case when h.corrected_ms >= h.bound_ms then h.corrected_ms end as transit_ms
    from costly c join hop h on h.hop_key = c.hop_key and h.message_key = c.message_key
)
select s.message_key, s.total_ms, s.first_at, s.status, s.sender_address, s.recipient_address, s.message_subject, s.message_id, g.longest_hop, g.wait_ms, g.transit_ms
from slowest s left join longest g on g.message_key = s.message_key
order by s.total_ms desc, s.leg_key
