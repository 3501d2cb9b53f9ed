-- Who hands in mail for other people's domains, per source address and connector: what was taken and what was denied.
with tried as (
    select t.remote_ip, t.server, t.service, t.connector_id, t.auth_user, t.mail_from, t.ended_at,
        lower(split_part(a.address, '@', -1)) as domain, t.is_accepted as is_taken, '' as reply
    from transaction t, lateral (select unnest(t.accepted_recipients)) a(address)
    where t.direction = 'receive' and not t.server_auth and not t.is_noise
    union all
    select t.remote_ip, t.server, t.service, t.connector_id, t.auth_user, t.mail_from, t.ended_at,
        lower(split_part(r.recipient, '@', -1)), false, coalesce(r.reply, '')
    from transaction t, lateral (select unnest(t.refusals, recursive := true)) r(recipient, reply)
    where t.direction = 'receive' and not t.server_auth and not t.is_noise
),
outside as (
    select * from tried
    where (is_taken and domain not in (select domain from accepted_domain_guess where domain is not null))
        or contains(lower(reply), 'unable to relay')
)
select remote_ip, server, service, connector_id,
    case when count(auth_user) = 0 then 'anonymous' when count(auth_user) = count(*) then 'signed in' else 'both' end as identity,
    count(*) filter (where is_taken) as taken_count, count(*) filter (where not is_taken) as denied_count,
    count(distinct mail_from) as sender_count, count(distinct domain) as domain_count, min(ended_at) as first_at, max(ended_at) as last_at
from outside group by remote_ip, server, service, connector_id
order by taken_count + denied_count desc, remote_ip, server, connector_id
limit $limit
