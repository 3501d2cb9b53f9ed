-- Who hands in mail, per address: recipients inside and outside, rate, sizes, TLS, logon, senders, days.
-- Accepted mail comes from the paths, so that tracking alone will do; refusals come from the SMTP receive logs.
with ours as (
    select network from inventory where role in ('server', 'gateway', 'exo', 'loadbalancer') and is_proven
),
taken as (
    select h.from_ip as client, h.message_key, m.rowid as id, h.to_server, h.receive_connector, h.to_port, h.tls_version, h.auth_user, h.basis,
        coalesce(h.started_at, m.first_at) as moment, m.sender_address, m.message_bytes, h.evidence
    from hop h join message m on m.message_key = h.message_key
    where h.kind = 'receive' and h.outcome = 'accepted' and h.basis <> 'reported' and h.from_ip is not null and not m.is_noise
        and h.from_ip not in (select network from ours) and not starts_with(h.from_ip, '127.') and h.from_ip <> '::1'
        and coalesce(h.started_at, m.first_at) >= $since and coalesce(h.started_at, m.first_at) < $until
        and ($server = '' or h.to_server = $server)
),
recipient as (
    select k.client, k.id, count(*) as recipients,
        count(*) filter (split_part(l.recipient_address, '@', -1) not in (select domain from accepted_domain_guess)) as outside
    from (select distinct client, id, message_key from taken) k join leg l on l.message_key = k.message_key
    where l.status not in ('expanded', 'redirected', 'refused')
    group by k.client, k.id
),
minute as (
    select client, max(messages) as peak_per_minute from (
        select client, date_trunc('minute', moment) as minute, count(distinct id) as messages from taken group by all) group by client
),
daily as (
    select t.client, max(t.day_recipients) as peak_recipients_per_day from (
        select k.client, k.day, sum(r.recipients) as day_recipients
        from (select distinct client, id, cast(moment as date) as day from taken) k
        join recipient r on r.client = k.client and r.id = k.id group by all) t group by t.client
),
spread as (
    select client, cast(sum(recipients) as bigint) as recipients, cast(sum(outside) as bigint) as outside,
        quantile_disc(recipients, 0.5) as recipients_median, max(recipients) as recipients_max
    from recipient group by client
),
accepted as (
    select client, count(distinct id) as messages, list_sort(list(distinct to_server)) as servers,
        list_sort(list(distinct receive_connector) filter (receive_connector is not null)) as connectors,
        list_sort(list(distinct to_port) filter (to_port is not null)) as ports,
        cast(quantile_disc(message_bytes, 0.5) as bigint) as median_bytes, cast(max(message_bytes) as bigint) as max_bytes,
        list_sort(list(distinct coalesce(tls_version, 'none'))) as tls, count(*) filter (tls_version is null) / count(*) as plain_share,
        list_sort(list(distinct auth_user) filter (auth_user is not null)) as users, count(*) filter (auth_user is not null) / count(*) as signed_in_share,
        count(distinct sender_address) as sender_count, list_sort(list(distinct coalesce(sender_address, '')))[1:5] as senders,
        count(*) filter (split_part(lower(coalesce(sender_address, '')), '@', -1) in (select domain from accepted_domain_guess)) / count(*) as own_sender_share,
        list_sort(list(distinct cast(moment as date))) as days, min(moment) as first_at, max(moment) as last_at,
        flatten(list_transform(min({moment: moment, key: message_key, rows: evidence[1:1]}, 3), lambda x: x.rows))[1:3] as evidence
    from taken group by client
),
denied as (
    select remote_ip as client, count(*) filter (is_denied and (coalesce(is_outside, false) or contains(lower(coalesce(reply_text, '')), 'unable to relay'))) as refused,
        list_sort(list(distinct helo_name) filter (helo_name is not null))[1:3] as names,
        list_sort(list(distinct connector_id)) as connectors, list_sort(list(distinct server)) as servers,
        list_sort(list(distinct cast(answered_at as date))) as days, min(answered_at) as first_at, max(answered_at) as last_at,
        list({file_id: file_id, line_number: line_number} order by answered_at, file_id, line_number)[1:3] as evidence
    from envelope_recipient
    where not is_first_party and not starts_with(remote_ip, '127.') and remote_ip <> '::1'
        and answered_at >= $since and answered_at < $until and ($server = '' or server = $server)
    group by remote_ip
),
united as (
    select coalesce(a.client, d.client) as client, coalesce(a.messages, 0) as messages, coalesce(s.recipients, 0) as recipients,
        coalesce(s.outside, 0) as outside, coalesce(d.refused, 0) as refused, n.peak_per_minute,
        cast(y.peak_recipients_per_day as bigint) as peak_recipients_per_day, s.recipients_median, s.recipients_max, a.median_bytes, a.max_bytes,
        a.tls, a.plain_share, a.users, a.signed_in_share, a.sender_count, a.senders, a.own_sender_share,
        coalesce(a.servers, d.servers) as servers, coalesce(a.connectors, d.connectors) as connectors, a.ports, d.names,
        coalesce(a.days, d.days) as days, coalesce(a.first_at, d.first_at) as first_at, coalesce(a.last_at, d.last_at) as last_at,
        coalesce(a.evidence, d.evidence) as evidence
    from accepted a full join denied d on d.client = a.client
    left join spread s on s.client = a.client left join minute n on n.client = a.client left join daily y on y.client = a.client
)
select *, not regexp_matches(client, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|fe[89ab]|f[cd])') as is_public
from united where messages > 0 or refused > 0
order by outside desc, messages desc, refused desc, client
