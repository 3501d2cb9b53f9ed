-- The recipients that waited longest, with the hand-over that took the most time.
with waited as (
    select l.leg_key, l.message_key, l.total_ms
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed', 'failed', 'deferred') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or list_contains(m.servers, $server))
    order by l.total_ms desc, l.leg_key limit $limit
),
slowest as (
    select l.message_key, l.leg_key, l.total_ms, l.status, l.recipient_address, m.first_at, m.sender_address, m.message_subject, m.message_id
    from waited w join leg l on l.leg_key = w.leg_key join message m on m.message_key = w.message_key
),
costly as (
    select message_key, max({cost: greatest(coalesce(corrected_ms, 0), coalesce(case when wait_bound_ms is not null then wait_ms end, 0)), hop_key: hop_key,
        longest_hop: concat_ws(' ', kind, coalesce(from_server, from_ip), '→', coalesce(to_server, to_ip)), wait_ms: wait_ms,
        transit_ms: case when corrected_ms >= bound_ms then corrected_ms end}) as hop
    from hop where message_key in (select message_key from waited) and (corrected_ms > 0 or wait_bound_ms is not null and wait_ms > 0) group by message_key
)
select s.message_key, s.total_ms, s.first_at, s.status, s.sender_address, s.recipient_address, s.message_subject, s.message_id, c.hop.longest_hop, c.hop.wait_ms, c.hop.transit_ms
from slowest s left join costly c on c.message_key = s.message_key
order by s.total_ms desc, s.leg_key
