-- One logon attempt of a client in an inbound conversation, with its outcome; logons between servers are left out.
-- column account: name without domain, lower case; null where the log does not name the user
-- column reason: why it failed, as logged
-- column has_tls: the conversation was encrypted when the client logged on
-- grain: session_key, attempt_number
-- kind: table
-- basis: observed
with outcome as (
    -- a failed logon is told by its own row, or by the denial alone; the same row may be there several times
    select session_number, place, min(step_number) as step_number, min(date_time) as moment, false as is_good,
        max(trim(regexp_extract(context, 'because of (.+)$', 1))) as reason, max(regexp_extract(context, 'Inbound AUTH ([A-Za-z0-9-]+)', 1)) as told_mechanism,
        cast(null as varchar) as told_user, bool_or(has_tls) as has_tls, min({file_id: file_id, line_number: line_number}) as row
    from logon_step where is_failure or is_denial and not has_failure group by session_number, place
    union all
    select session_number, place, min(step_number), min(date_time), true, null, null, max(case when is_user then data end), bool_or(has_tls), min({file_id: file_id, line_number: line_number})
    from logon_step where is_user or is_welcome and not has_user group by session_number, place
),
numbered as (
    select *, row_number() over (partition by session_number order by step_number, place) as attempt_number,
        lead(step_number) over (partition by session_number order by step_number, place) as next_step
    from outcome
),
named as (
    select n.session_number, n.attempt_number, min({step: k.step_number, name: trim(substr(k.context, 11))}).name as user_name
    from numbered n join logon_step k on k.session_number = n.session_number and k.is_name and k.step_number >= n.step_number
        and (n.next_step is null or k.step_number < n.next_step)
    where not n.is_good group by n.session_number, n.attempt_number
)
select s.session_key, n.attempt_number, s.server, s.service, s.connector_id, s.local_port, s.remote_ip,
    e.is_public, coalesce(e.is_first_party, false) as is_first_party, s.helo_name, nullif(upper(coalesce(nullif(n.told_mechanism, ''), s.auth_mechanism)), '') as mechanism,
    coalesce(case when n.is_good then coalesce(n.told_user, s.auth_user) end, u.user_name) as user_name,
    nullif(lower(split_part(split_part(coalesce(case when n.is_good then coalesce(n.told_user, s.auth_user) end, u.user_name), '\', -1), '@', 1)), '') as account,
    n.is_good, nullif(n.reason, '') as reason, n.has_tls, s.is_noise, n.moment, n.row.file_id as file_id, n.row.line_number as line_number
from numbered n join session_number k on k.session_number = n.session_number join session s on s.session_key = k.session_key and not s.server_auth
left join named u on u.session_number = n.session_number and u.attempt_number = n.attempt_number
left join peer e on e.remote_ip = s.remote_ip
