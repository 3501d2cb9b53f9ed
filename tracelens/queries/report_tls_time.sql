-- Conversations that moved mail or signed in, per hour (or day) and TLS version.
select date_trunc($bucket, opened_at) as moment, coalesce(tls_version, 'none') as series, cast(count(*) as double) as value
from session
where not is_noise and (accepted_count > 0 or auth_user is not null) and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by all order by moment, series
