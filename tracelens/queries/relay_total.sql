-- Recipients handed in for other people's domains and from how many addresses, in one row: taken, denied; addresses that relay, that tried in vain, that probe.
with outside as (
    select remote_ip, server, service, connector_id, is_taken
    from envelope_recipient
    where not is_first_party and (is_taken or is_denied) and answered_at >= $since and answered_at < $until and ($server = '' or server = $server)
        and ((is_taken and coalesce(is_outside, false)) or contains(lower(coalesce(reply_text, '')), 'unable to relay'))
),
probing as (
    select distinct remote_ip from finding where starts_with(rule_id, 'relay-probe-') and remote_ip is not null
),
source as (
    select o.remote_ip, count(*) filter (o.is_taken) as taken_count, count(*) filter (not o.is_taken) as denied_count, bool_or(p.remote_ip is not null) as is_probing
    from outside o left join probing p on p.remote_ip = o.remote_ip group by o.remote_ip, o.server, o.service, o.connector_id
)
select coalesce(cast(sum(taken_count) as bigint), 0) as taken_count, coalesce(cast(sum(denied_count) as bigint), 0) as denied_count, count(*) as source_count,
    count(distinct remote_ip) filter (taken_count > 0) as relays_count, count(distinct remote_ip) filter (taken_count = 0 and not is_probing) as tries_count,
    count(distinct remote_ip) filter (taken_count = 0 and is_probing) as probes_count
from source
