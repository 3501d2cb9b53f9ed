-- The recipients that waited longest, with the hand-over that took the most time.
with slowest as (
    select l.message_key, l.leg_key, l.total_ms, l.status, l.recipient_address, m.first_at, m.sender_address, m.message_subject, m.message_id
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed', 'failed', 'deferred') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
    order by l.total_ms desc, l.leg_key limit $limit
),
longest as (
    select h.message_key, max({
        cost: greatest(coalesce(h.corrected_ms, 0), coalesce(case when h.wait_bound_ms is not null then h.wait_ms end, 0)), key: h.hop_key,
        told: concat_ws(' ', h.kind, coalesce(h.from_server, h.from_ip), '→', coalesce(h.to_server, h.to_ip)), wait_ms: h.wait_ms,
        transit_ms: case when h.corrected_ms >= h.bound_ms then h.corrected_ms end
    }) as hop
    from hop h where h.message_key in (select message_key from slowest) group by h.message_key
)
select s.message_key, s.total_ms, s.first_at, s.status, s.sender_address, s.recipient_address, s.message_subject, s.message_id,
    g.hop.told as longest_hop, g.hop.wait_ms as wait_ms, g.hop.transit_ms as transit_ms
from slowest s left join longest g on g.message_key = s.message_key
order by s.total_ms desc, s.leg_key
