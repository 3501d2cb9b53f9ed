-- Logons per hour (or day): good and failed.
with tried as (
    select opened_at, case when auth_user is not null then 1 else 0 end as good, auth_failure_count as bad
    from session
    where direction = 'receive' and not server_auth and not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
)
select date_trunc($bucket, opened_at) as moment, 'signed in' as series, cast(sum(good) as double) as value from tried group by all having sum(good + bad) > 0
union all
select date_trunc($bucket, opened_at), 'failed', cast(sum(bad) as double) from tried group by all having sum(good + bad) > 0
order by moment, series
