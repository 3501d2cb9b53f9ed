-- Certificates shown by our services and by peers, the soonest to end first.
select side, server, service, direction, coalesce(connector_id, '') as connector, remote_ip, subject, names, not_before, not_after, session_count, first_at, last_at, thumbprint
from certificate where last_at >= $since and first_at < $until and ($server = '' or server = $server)
order by not_after nulls last, side, subject, server, connector limit 500
