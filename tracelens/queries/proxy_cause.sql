-- Why Front Ends could not hand on: failure texts with their meaning, per target.
with failed as (
    select server, remote_ip, remote_port, opened_at, coalesce(connect_error, tls_error, case when regexp_matches(last_reply, '^[45]') then last_reply end) as failure
    from session where service = 'frontend' and direction = 'send' and not is_noise and opened_at >= $since and opened_at < $until and ($server = '' or server = $server)
)
select coalesce(r.meaning, 'no signature knows this text') as meaning, f.failure, count(*) as failed_count, count(distinct f.server) as front_end_count,
    array_to_string(list_sort(list(distinct concat(coalesce(i.server, f.remote_ip), ':', f.remote_port)))[1:5], ', ') as targets, min(f.opened_at) as first_at, max(f.opened_at) as last_at
from failed f left join reply_class r on r.text = f.failure left join inventory i on i.network = f.remote_ip and i.role = 'server'
where f.failure is not null
group by r.meaning, f.failure order by failed_count desc, f.failure limit 300
