-- Front End to its next server: sessions that worked and that failed, and whether it works again.
with tried as (
    select server, remote_ip, remote_port, connector_id, closed_at, coalesce(connect_error, tls_error,
            case when regexp_matches(last_reply, '^[45]') then last_reply end) as failure
    from session where service = 'frontend' and direction = 'send' and not is_noise
)
select server, remote_ip, remote_port, connector_id, count(*) as session_count, count(failure) as failed_count,
    max(closed_at) filter (where failure is not null) as last_failed_at,
    max(closed_at) filter (where failure is null) as last_good_at,
    case when count(failure) = 0 then 'working'
        when max(closed_at) filter (where failure is null) > max(closed_at) filter (where failure is not null) then 'works again'
        else 'failing' end as state,
    max({moment: closed_at, text: failure}) filter (where failure is not null).text as last_failure
from tried group by server, remote_ip, remote_port, connector_id
order by failed_count desc, session_count desc, server, remote_ip, remote_port
limit $limit
