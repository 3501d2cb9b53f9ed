-- The peers of each connector, busiest first.
select server, service, direction, coalesce(connector_id, '') as connector, remote_ip as peer, max(helo_name) as helo_name, count(*) as sessions,
    cast(sum(message_count) as bigint) as transactions, max(opened_at) as last_at
from session where not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by all order by direction, server, service, connector, sessions desc, peer
limit 500
