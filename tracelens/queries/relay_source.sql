-- Who hands in mail for other people's domains, per source address and connector: what was taken, what was denied, who probes.
with outside as (
    select remote_ip, server, service, connector_id, helo_name, auth_user, mail_from, domain, answered_at, is_taken, is_denied
    from envelope_recipient
    where not is_first_party and (is_taken or is_denied) and answered_at >= $since and answered_at < $until and ($server = '' or server = $server)
        and ((is_taken and coalesce(is_outside, false)) or contains(lower(coalesce(reply_text, '')), 'unable to relay'))
),
probing as (
    select remote_ip, string_agg(distinct title, '; ' order by title) as probes from finding where starts_with(rule_id, 'relay-probe-') and remote_ip is not null group by remote_ip
)
select o.remote_ip, max(o.helo_name) as helo_name, o.server, o.service, o.connector_id,
    case when count(*) filter (o.is_taken) > 0 then 'relays' when max(p.probes) is not null then 'probes' else 'tries' end as what,
    case when count(o.auth_user) = 0 then 'anonymous' when count(o.auth_user) = count(*) then 'signed in' else 'both' end as identity,
    count(*) filter (o.is_taken) as taken_count, count(*) filter (not o.is_taken) as denied_count, count(distinct o.mail_from) as sender_count,
    count(distinct o.domain) as domain_count, max(p.probes) as probes, min(o.answered_at) as first_at, max(o.answered_at) as last_at,
    count(*) over () as source_count
from outside o left join probing p on p.remote_ip = o.remote_ip
group by o.remote_ip, o.server, o.service, o.connector_id
having $what = '' or $what = case when count(*) filter (o.is_taken) > 0 then 'relays' when max(p.probes) is not null then 'probes' else 'tries' end
order by taken_count desc, denied_count desc, o.remote_ip, o.server, o.connector_id
limit $limit
