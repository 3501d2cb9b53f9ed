-- Senders of accepted mail with the days on which they were seen: addresses of machines, or envelope senders.
with taken as (
    select case when $by_address then coalesce(lower(m.sender_address), '') else h.from_ip end as sender, h.message_key, h.to_server, h.receive_connector,
        h.auth_user, m.sender_address, coalesce(h.started_at, m.first_at) as moment, h.evidence
    from hop h join message m on m.message_key = h.message_key
    where h.kind = 'receive' and h.outcome = 'accepted' and h.basis <> 'reported' and not m.is_noise and list_contains($clients, h.from_ip)
        and coalesce(h.started_at, m.first_at) >= $since and coalesce(h.started_at, m.first_at) < $until
        and ($server = '' or h.to_server = $server) and ($connector = '' or contains(lower(coalesce(h.receive_connector, '')), lower($connector)))
)
select sender, count(distinct message_key) as messages, list_sort(list(distinct cast(moment as date))) as days,
    min(moment) as first_at, max(moment) as last_at, list_sort(list(distinct to_server)) as servers,
    list_sort(list(distinct receive_connector) filter (receive_connector is not null)) as connectors,
    list_sort(list(distinct auth_user) filter (auth_user is not null))[1:5] as users, list_sort(list(distinct coalesce(sender_address, '')))[1:5] as addresses,
    flatten(list(evidence[1:1] order by moment desc, message_key))[1:2] as evidence
from taken group by sender order by messages desc, sender
