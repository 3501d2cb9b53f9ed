-- One message with where it came from, where it went and how it ended.
-- column origin_ip: where it came from; empty where the first hand-over that is seen is one between servers of ours
-- column servers: servers of its hand-overs, sorted
-- column cause_message_key: the message that made Exchange write this one: a report, a journal or rule copy, a moderator's request
-- column cause_kind: dsn, journal, rule, moderation, copy
-- grain: message_key
-- kind: table
-- by: message
-- order: message_key
-- basis: observed; reported where no log but a header or a cloud trace names it
with tracked as (
    select message_key, max(mid) as mid, max(network_message_id) as network_message_id, max(sender_address) as sender_address,
        max(message_subject) as message_subject, min(date_time) as first_at, max(date_time) as last_at, max(total_bytes) as message_bytes,
        bool_or(is_noise) as is_noise
    from track where message_key is not null group by message_key
),
wired as (
    -- a shadow copy is no hand-over, but may be all that is here of a message
    select i.message_key, max(i.mid) as mid, max(t.mail_from) as mail_from, coalesce(min(t.started_at) filter (not t.is_shadow), min(t.started_at)) as first_at,
        coalesce(max(t.ended_at) filter (not t.is_shadow), max(t.ended_at)) as last_at, coalesce(max(t.message_bytes) filter (not t.is_shadow), max(t.message_bytes)) as message_bytes, bool_or(t.is_noise) as is_noise
    from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number
    where not t.is_shadow or i.mid is not null group by i.message_key
),
told as (
    -- known from a cloud trace or from headers alone
    select message_key, max(mid) as mid, max(network_message_id) as network_message_id, max(sender_address) as sender_address, max(subject) as message_subject,
        min(date_time) as first_at, max(date_time) as last_at, max(message_bytes) as message_bytes
    from (
        select m.message_key, m.mid, m.nmid as network_message_id, e.sender_address, e.subject, e.date_time, e.message_bytes
        from exo_trace_event e join told_message m on m.source = 'cloud' and m.mid is not distinct from nullif(trim(e.message_id, '<> '), '') and m.nmid is not distinct from e.network_message_id
        union all
        select m.message_key, m.mid, null, h.sender_address, null, h.date_time, null from header_hop h join told_message m on m.source = 'header' and m.mid = trim(h.message_id, '<> '))
    group by message_key
),
united as (
    select coalesce(t.message_key, w.message_key) as message_key, coalesce(t.mid, w.mid) as mid, t.network_message_id,
        coalesce(t.sender_address, w.mail_from) as sender_address, t.message_subject, least(t.first_at, w.first_at) as first_at,
        greatest(t.last_at, w.last_at) as last_at, coalesce(t.message_bytes, w.message_bytes) as message_bytes,
        coalesce(t.is_noise, false) or coalesce(w.is_noise, false) as is_noise
    from tracked t full join wired w on w.message_key = t.message_key
    union all
    select x.message_key, x.mid, x.network_message_id, x.sender_address, x.message_subject, x.first_at, x.last_at, x.message_bytes, false
    from told x left join tracked t on t.message_key = x.message_key left join wired w on w.message_key = x.message_key
    where t.message_key is null and w.message_key is null
),
legs as (
    select message_key, count(*) as leg_count, min(case status when 'failed' then '01failed' when 'refused' then '02refused' when 'quarantined' then '03quarantined'
            when 'dropped' then '04dropped' when 'deferred' then '05deferred' when 'in transit' then '06in transit' when 'unknown' then '07unknown'
            when 'relayed' then '08relayed' when 'delivered' then '09delivered' when 'duplicate' then '10duplicate' when 'redirected' then '11redirected' else '12expanded' end) as worst,
        max(total_ms) as total_ms, max({ms: total_ms, bound: coalesce(total_bound_ms, -1)}) filter (total_ms is not null).bound as total_bound_ms, count(*) filter (status not in ('expanded', 'redirected')) as recipient_count
    from leg group by message_key
),
caused as (
    -- what made Exchange write this message: the first row with a reference names it (J15)
    select t.message_key, min({moment: t.date_time, cause: l.to_key,
        kind: case when t.source = 'DSN' then 'dsn' when t.source = 'AGENT' then 'journal' when t.source = 'MAILBOXRULE' then 'rule' when t.source = 'APPROVAL' then 'moderation' else 'copy' end}) as first_row
    from link l join track t on l.join_name = 'J15' and l.to_kind = 'message' and l.basis <> 'ambiguous' and l.from_key = concat(t.file_id, ':', t.line_number)
    group by t.message_key
),
hops as (
    select message_key, count(*) as hop_count, min({is_told: basis = 'reported', number: hop_number, kind: kind, ip: from_ip,
        port: to_port, connector: receive_connector, is_passed_on: kind in ('proxy', 'transfer', 'deliver', 'external', 'expand') or kind = 'receive' and from_server is not null and coalesce(from_service, '') <> 'cloud'}) as first_hop,
        max({number: hop_number, connector: send_connector}) filter (send_connector is not null).connector as exit_connector,
        list_sort(list_distinct(list_concat(coalesce(list(from_server) filter (from_server is not null), []), coalesce(list(to_server) filter (to_server is not null), [])))) as servers
    from hop group by message_key
)
select u.message_key, u.mid as message_id, u.network_message_id, u.sender_address, u.message_subject, u.first_at, u.last_at, u.message_bytes,
    coalesce(l.recipient_count, 0) as recipient_count, coalesce(substr(l.worst, 3), 'unknown') as status, coalesce(h.hop_count, 0) as hop_count,
    coalesce(l.leg_count, 0) as leg_count, case when not h.first_hop.is_passed_on then h.first_hop.ip end as origin_ip,
    case when h.first_hop.is_passed_on then 'unknown' when h.first_hop.kind = 'submit' then 'mailbox' when h.first_hop.kind = 'dsn' or h.first_hop.kind = 'fork' and c.first_row.cause is not null then 'system' when h.first_hop.port = 587 then 'client'
        when h.first_hop.kind = 'receive' and h.first_hop.ip is not null then
            case when regexp_matches(h.first_hop.ip, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|f[cde])') then 'internal' else 'internet' end
        else 'unknown' end as origin_class,
    h.first_hop.connector as entry_connector, h.exit_connector, coalesce(h.servers, []) as servers, l.total_ms, nullif(l.total_bound_ms, -1) as total_bound_ms, u.is_noise,
    c.first_row.cause as cause_message_key, c.first_row.kind as cause_kind
from united u left join caused c on c.message_key = u.message_key left join legs l on l.message_key = u.message_key left join hops h on h.message_key = u.message_key
