-- Addresses that handed in accepted mail in a window, with whether they are public.
select h.from_ip as client, not regexp_matches(h.from_ip, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|fe[89ab]|f[cd])') as is_public,
    count(h.auth_user) > 0 as is_signed_in, count(distinct h.message_key) as messages
from hop h join message m on m.message_key = h.message_key
where h.kind = 'receive' and h.outcome = 'accepted' and h.basis <> 'reported' and h.from_ip is not null and not m.is_noise
    and h.from_ip not in (select network from inventory where role in ('server', 'gateway', 'exo', 'loadbalancer') and is_proven) and not starts_with(h.from_ip, '127.') and h.from_ip <> '::1'
    and coalesce(h.started_at, m.first_at) >= $since and coalesce(h.started_at, m.first_at) < $until
    and ($server = '' or h.to_server = $server) and ($connector = '' or contains(lower(coalesce(h.receive_connector, '')), lower($connector)))
group by all order by client
