-- An address at the other end of conversations: public or not (RFC 1918, 3927, 4193, 4291, 6598), one of ours or a stranger's.
-- grain: remote_ip
-- kind: temp
with seen as (
    select distinct remote_ip from session where remote_ip is not null
),
ours as (
    select distinct network from inventory where role in ('server', 'gateway', 'exo', 'loadbalancer') and is_proven
)
select s.remote_ip, o.network is not null as is_first_party, not regexp_matches(s.remote_ip,
    '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|169\.254\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|::1$|fe[89ab]|f[cd])') as is_public
from seen s left join ours o on o.network = s.remote_ip
