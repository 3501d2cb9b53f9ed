-- Logon attempts by connector and mechanism, good and failed, without TLS.
select server, service, coalesce(connector_id, '') as connector, coalesce(mechanism, 'unknown') as mechanism, count(*) filter (is_good) as good_count,
    count(*) filter (not is_good) as failed_count, count(*) filter (not coalesce(has_tls, false)) as plain_count, count(distinct remote_ip) as client_count,
    count(distinct account) as account_count, max(moment) as last_at
from logon where not is_noise and moment >= $since and moment < $until and ($server = '' or server = $server)
group by all order by good_count + failed_count desc, server, connector, mechanism limit 500
