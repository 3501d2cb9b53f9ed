-- Front End hand-over sessions per hour (or day): worked or failed.
select date_trunc($bucket, opened_at) as hour,
    case when connect_error is not null or tls_error is not null or regexp_matches(last_reply, '^[45]') then 'failed' else 'worked' end as outcome,
    count(*) as session_count
from session
where service = 'frontend' and direction = 'send' and not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
group by all order by hour, outcome
