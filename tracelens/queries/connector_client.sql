-- Who is at the other end of one connector: names, conversations, TLS, logon, recipients, first and last seen.
select remote_ip, max(helo_name) as helo_name, count(*) as session_count, cast(sum(accepted_count) as bigint) as accepted_count,
    cast(sum(refused_count) as bigint) as refused_count, array_to_string(list_sort(list(distinct coalesce(tls_version, 'none'))), ', ') as tls,
    array_to_string(list_sort(list(distinct auth_mechanism) filter (auth_user is not null)), ', ') as logon, count(distinct auth_user) as user_count,
    min(opened_at) as first_at, max(opened_at) as last_at
from session
where not is_noise and opened_at >= $since and opened_at < $until and direction = $direction and server = $server and coalesce(connector_id, '') = $connector
group by remote_ip order by accepted_count desc, session_count desc, remote_ip limit $limit
