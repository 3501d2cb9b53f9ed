-- Front End to its next server: sessions that worked and that failed, the cause, and whether it works again.
with tried as (
    select s.server, s.remote_ip, s.remote_port, s.connector_id, s.opened_at, s.closed_at, coalesce(s.connect_error, s.tls_error,
            case when regexp_matches(s.last_reply, '^[45]') then s.last_reply end) as failure
    from session s
    where s.service = 'frontend' and s.direction = 'send' and not s.is_noise and s.opened_at >= $since and s.opened_at < $until and ($server = '' or s.server = $server)
),
counted as (
    select server, remote_ip, remote_port, connector_id, count(*) as session_count, count(failure) as failed_count,
        min(opened_at) filter (where failure is not null) as first_failed_at, max(closed_at) filter (where failure is not null) as last_failed_at,
        max(closed_at) filter (where failure is null) as last_good_at,
        max({moment: closed_at, text: failure}) filter (where failure is not null).text as last_failure
    from tried group by server, remote_ip, remote_port, connector_id
)
select c.server, coalesce(i.server, c.remote_ip) as target, c.remote_ip, c.remote_port, c.connector_id, c.session_count, c.failed_count, c.first_failed_at, c.last_failed_at, c.last_good_at,
    case when c.failed_count = 0 then 'working' when c.last_good_at > c.last_failed_at then 'works again' else 'failing' end as state,
    r.meaning, c.last_failure, concat(c.server, '|', c.remote_ip, '|', c.remote_port) as key
from counted c left join inventory i on i.network = c.remote_ip and i.role = 'server' left join reply_class r on r.text = c.last_failure
order by c.failed_count desc, c.session_count desc, c.server, c.remote_ip, c.remote_port, c.connector_id
limit $limit
