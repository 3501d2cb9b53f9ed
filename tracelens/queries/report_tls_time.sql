-- Conversations that moved mail, per hour (or day) and TLS version.
select date_trunc($bucket, opened_at) as moment, coalesce(tls_version, 'none') as series, cast(count(*) as double) as value
from session
where not is_noise and message_count > 0 and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by all order by moment, series
