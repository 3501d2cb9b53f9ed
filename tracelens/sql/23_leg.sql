-- The branch of a message towards one recipient, with its final status.
-- column status: delivered, relayed, expanded, redirected, failed, refused, deferred, dropped, quarantined, duplicate, in transit, unknown
-- column basis: observed where a row shows the end; inferred where the end follows from another row, or no row shows one; reported where only a cloud trace or a report tells it
-- column hop_keys: the hops from the first to the one that the last row belongs to
-- column total_ms: from the message's first row to the recipient's last, on one clock or with the clocks' difference taken off; empty where a gap before the first hop hides the beginning
-- column total_bound_ms: total_ms is right to plus or minus this; empty when two unchecked clocks gave it
-- column deferral_count: tracking rows that put the recipient off to a later attempt
-- column first_deferral_at: the first of them, UTC
-- column last_deferral_at: the last of them, UTC
-- column deferral_text: why, as the last of them says
-- grain: message_key, leg_key
-- kind: table
-- by: message
-- order: message_key
-- basis: observed, or reported where only a cloud trace or a report tells the end
with cloud as (
    -- what a cloud trace or a report tells counts where our logs saw the message leave, or no end at all
    select t.message_key, t.address, t.moment as date_time, t.file_id, t.line_number, cast(null as varchar) as node, case t.status when 'redirected' then 1.5 when 'expanded' then 0.0 when 'delivered' then 1.0
            when 'duplicate' then 2.0 when 'failed' then 2.1 when 'quarantined' then 2.2 when 'dropped' then 2.3 when 'deferred' then 2.4 when 'relayed' then 2.5
            when 'in transit' then 2.6 else 13.0 end as rank, t.reason
    from told_leg t left join leg_end e on e.message_key = t.message_key and e.address = t.address
    where coalesce(e.best.rank, 13) in (3, 8, 12, 13)
),
best as (
    select message_key, address, min(best) as best from (
        select message_key, address, best from leg_end
        union all
        select message_key, address, {rank: cast(rank as double), later: -epoch_us(date_time), reason: coalesce(reason, ''), moment: date_time, file_id: file_id, line_number: line_number, node: node, is_told: true}
        from cloud where address is not null and address <> '')
    group by message_key, address
),
put_off as (
    select message_key, address, count(*) as deferral_count, min(date_time) as first_deferral_at, max(date_time) as last_deferral_at,
        max({moment: date_time, file_id: file_id, line_number: line_number, text: text}) filter (text is not null).text as deferral_text
    from (
        select t.message_key, lower(r.address) as address, t.date_time, t.file_id, t.line_number, coalesce(nullif(t.recipient_status[r.position], ''), nullif(t.source_context, '')) as text
        from track t, lateral (select unnest(t.recipient_address) as address, generate_subscripts(t.recipient_address, 1) as position) r
        where t.event_id in ('DEFER', 'SUBMITDEFER', 'RESUBMITDEFER') and t.message_key is not null)
    group by message_key, address
),
replaced as (
    -- a proxy address that was resolved is the same recipient under another name
    select distinct t.message_key, lower(trim(a.address)) as old_address
    from track t, lateral (select unnest(string_split(t.related_recipient_address, ';')) as address) a
    where t.event_id = 'RESOLVE' and not list_contains(list_transform(t.recipient_address, lambda x: lower(x)), lower(trim(a.address)))
),
opened as (
    select message_key, server, min(moment) as moment from (
        select message_key, server, date_time as moment from track union all
        select i.message_key, t.server, t.started_at from transaction t join message_identity i on i.session_key = t.session_key and i.transaction_number = t.transaction_number)
    group by message_key, server
),
single as (
    select message_key from opened group by message_key having count(*) = 1
),
witness as (
    select w.hop_key, w.hop_number, w.message_key, w.evidence.file_id as file_id, w.evidence.line_number as line_number
    from (select hop_key, hop_number, message_key, unnest(evidence) as evidence from hop) w
),
begun as (
    -- where the first hop shows how the message came here; else its first row is not its beginning
    select message_key from hop where hop_number = 1 and hop_key not in (select hop_key from headless_hop)
),
beginner as (
    select distinct w.message_key, f.server from witness w join log_file f on f.file_id = w.file_id where w.hop_number = 1 and f.server is not null
),
span as (
    -- from the first row of each server to the last of all
    select b.message_key, b.address, o.server as first_server, f.server as last_server, o.moment as first_at, b.best.moment as last_at, 5 + coalesce(w.more_ms, 0) as own_bound,
        o.server = f.server or s.message_key is not null as is_one_clock, r.server is not null as is_first
    from best b join begun g on g.message_key = b.message_key join opened o on o.message_key = b.message_key
    left join beginner r on r.message_key = o.message_key and r.server = o.server
    left join single s on s.message_key = b.message_key
    left join coarse_message w on w.message_key = b.message_key
    left join log_file f on f.file_id = b.best.file_id where b.best.rank < 12
),
direct as (
    select s.*, c.offset_ms, c.bound_ms from span s
    left join clock_offset c on c.server = s.first_server and c.peer_server = s.last_server and c.offset_ms is not null
        and case when c.clock_server = s.first_server then s.first_at else s.last_at end > c.holds_after
        and case when c.clock_server = s.first_server then s.first_at else s.last_at end <= c.holds_until
),
roundabout as (
    -- two servers that hand nothing to each other are compared by one between them
    select d.message_key, d.address, d.first_server, min({bound_ms: a.bound_ms + c.bound_ms, offset_ms: a.offset_ms + c.offset_ms}) as way
    from direct d join opened x on x.message_key = d.message_key and x.server not in (d.first_server, d.last_server)
    join clock_offset a on a.server = d.first_server and a.peer_server = x.server and a.offset_ms is not null
        and case when a.clock_server = d.first_server then d.first_at else x.moment end > a.holds_after
        and case when a.clock_server = d.first_server then d.first_at else x.moment end <= a.holds_until
    join clock_offset c on c.server = x.server and c.peer_server = d.last_server and c.offset_ms is not null
        and case when c.clock_server = x.server then x.moment else d.last_at end > c.holds_after
        and case when c.clock_server = x.server then x.moment else d.last_at end <= c.holds_until
    where not coalesce(d.is_one_clock, false) and d.offset_ms is null group by d.message_key, d.address, d.first_server
),
taken as (
    select d.message_key, d.address, d.is_first, d.is_one_clock or d.offset_ms is not null or r.way is not null as is_known,
        date_diff('microsecond', d.first_at, d.last_at) - case when d.is_one_clock then 0 else coalesce(d.offset_ms, r.way.offset_ms, 0) end * 1000 as us,
        case when d.is_one_clock then d.own_bound else coalesce(d.bound_ms, r.way.bound_ms, -1) end as bound
    from direct d left join roundabout r on r.message_key = d.message_key and r.address = d.address and r.first_server = d.first_server
),
longest as (
    select message_key, address, coalesce(bool_or(is_first and is_known), false) as is_compared, max({us: us, bound: bound}) filter (is_known) as known,
        max({us: us, bound: bound}) filter (is_first) as first, max({us: us, bound: bound}) as raw
    from taken group by message_key, address
),
total as (
    -- a server that is compared with none may have had it first: then no shorter time of another stands for it
    select message_key, address, case when is_compared then known when first is not null then first else coalesce(known, raw) end.us as us,
        case when is_compared then known when first is not null then first else coalesce(known, raw) end.bound as bound from longest
),
maker as (
    select message_key, to_node, min(hop_key) as hop_key from hop_node where to_node is not null group by message_key, to_node
),
ended as (
    -- the hop that the last row belongs to, or the one that made its queue entry
    select b.message_key, b.address, coalesce(max({number: w.hop_number, key: w.hop_key}) filter (w.hop_key is not null).key, max(m.hop_key)) as hop_key
    from best b left join witness w on w.message_key = b.message_key and w.file_id = b.best.file_id and w.line_number = b.best.line_number
    left join maker m on m.message_key = b.message_key and m.to_node = b.best.node
    group by b.message_key, b.address
),
outside as (
    -- what a front end was given for the outside ends there
    select n.hop_key, max(h.hop_key) as outer_key from hop_node n join hop h on h.parent_hop_key = n.hop_key and h.kind = 'external'
    where starts_with(n.to_node, 'fx:') group by n.hop_key having count(*) = 1
),
hops as (
    select e.message_key, e.address, list(h.hop_key order by h.hop_number) as hop_keys
    from ended e left join outside o on o.hop_key = e.hop_key join hop_lineage l on l.hop_key = coalesce(o.outer_key, e.hop_key) join hop h on h.hop_key = l.earlier_key
    group by e.message_key, e.address
)
select b.message_key, md5(concat_ws('|', b.message_key, b.address)) as leg_key, b.address as recipient_address,
    case b.best.rank when 0 then 'expanded' when 1 then 'delivered' when 1.5 then 'redirected' when 2 then 'duplicate' when 3 then 'relayed' when 4 then 'delivered'
        when 2.1 then 'failed' when 2.2 then 'quarantined' when 2.3 then 'dropped' when 2.4 then 'deferred' when 2.5 then 'relayed' when 2.6 then 'in transit'
        when 5 then 'failed' when 6 then 'quarantined' when 7 then 'dropped' when 8 then 'deferred' when 9 then 'refused' when 12 then 'in transit' else 'unknown' end as status,
    case when b.best.is_told then 'reported' when b.best.rank in (2, 4, 8, 12, 13) then 'inferred' else 'observed' end as basis,
    b.best.moment as final_at,
    case when o.us >= -1000 * greatest(o.bound, 0) then cast(floor(greatest(o.us, 0) / 1000) as bigint) end as total_ms,
    case when o.us >= -1000 * o.bound then nullif(cast(o.bound as bigint), -1) end as total_bound_ms,
    nullif(regexp_extract(b.best.reason, '([245]\.[0-9]{1,3}\.[0-9]{1,3})', 1), '') as reason_code, nullif(b.best.reason, '') as reason_text,
    coalesce(d.deferral_count, 0) as deferral_count, d.first_deferral_at, d.last_deferral_at, d.deferral_text,
    coalesce(h.hop_keys, []) as hop_keys, [struct_pack(file_id := b.best.file_id, line_number := b.best.line_number)] as evidence
from best b left join total o on o.message_key = b.message_key and o.address = b.address left join hops h on h.message_key = b.message_key and h.address = b.address
left join put_off d on d.message_key = b.message_key and d.address = b.address
left join replaced r on r.message_key = b.message_key and r.old_address = b.address
where r.old_address is null
