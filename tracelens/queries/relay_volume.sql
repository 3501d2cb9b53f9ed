-- Recipients outside the accepted domains per hour (or day): taken from signed-in and anonymous clients, or denied.
with tried as (
    select t.auth_user, t.ended_at, lower(split_part(a.address, '@', -1)) as domain, t.is_accepted as is_taken, '' as reply
    from transaction t, lateral (select unnest(t.accepted_recipients)) a(address)
    where t.direction = 'receive' and not t.server_auth and not t.is_noise
    union all
    select t.auth_user, t.ended_at, lower(split_part(r.recipient, '@', -1)), false, coalesce(r.reply, '')
    from transaction t, lateral (select unnest(t.refusals, recursive := true)) r(recipient, reply)
    where t.direction = 'receive' and not t.server_auth and not t.is_noise
)
select date_trunc($bucket, ended_at) as hour,
    case when not is_taken then 'denied' when auth_user is not null then 'taken, signed in' else 'taken, anonymous' end as outcome,
    count(*) as recipient_count
from tried
where (is_taken and domain not in (select domain from accepted_domain_guess where domain is not null)) or contains(lower(reply), 'unable to relay')
group by all order by hour, outcome
