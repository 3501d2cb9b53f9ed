-- What else runs over a server: hand-overs by kind, with the last one.
select h.kind, coalesce(h.from_server, h.from_ip, '') as from_place, coalesce(h.to_server, '') as to_place, coalesce(h.send_connector, '') as send_connector,
    count(distinct h.message_key) as messages, max(coalesce(h.started_at, h.ended_at)) as last_at
from hop h join message m on m.message_key = h.message_key
where h.kind in ('submit', 'transfer', 'deliver', 'external', 'proxy') and not m.is_noise and h.outcome = 'accepted'
    and coalesce(h.started_at, h.ended_at) >= $since and coalesce(h.started_at, h.ended_at) < $until and (h.from_server = $server or h.to_server = $server)
group by all order by messages desc, kind, from_place, to_place, send_connector
limit 50
