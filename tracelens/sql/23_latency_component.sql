-- Where a server says a message's time went: one part of the latency tree in message-info, each text once per message.
-- column message_key: empty where the row names no message (NOTIFYMAPI)
-- column position: place in the text of the row: a thousand times the segment's place, plus the part's place in the segment
-- column parent_position: the part this one is inside of; empty for the segment's total
-- column server: the server whose time it is, named as elsewhere
-- column host: its name as in the text
-- column service: part of the total's name: FE, HUB, SUB, DEL; empty in the 2010 form
-- column component: name as in the text without its mark of incompleteness; the whole text when unparsed
-- column kind: total, queue, categoriser, agent, smtp, store, proxy, other, unparsed
-- column agent: name of the transport agent
-- column is_incomplete: still running when the row was written (-PEN, -INC)
-- column is_own: told by the server itself (LSRV=), not by a later one
-- column written_at: time of the row that tells it first
-- grain: file_id, line_number, position
-- kind: table
-- by: message
-- order: message_key
-- basis: observed
-- source: formats.md 2.6; deeper than eight levels is no known form
with told as (
    select file_id, line_number, message_key, date_time, string_split(message_info, ';') as parts from track where contains(message_info, 'SRV=')
),
piece as (
    select t.file_id, t.line_number, t.message_key, t.date_time, u.number, trim(u.text) as text
    from told t, lateral (select unnest(t.parts) as text, generate_subscripts(t.parts, 1) as number) u where contains(u.text, 'SRV=')
),
segment as (
    select min({moment: date_time, file_id: file_id, line_number: line_number, number: number}) as seen, message_key, replace(text, 'LSRV=', 'SRV=') as text,
        max(case when starts_with(text, 'LSRV=') then 1 else 0 end) = 1 as is_own
    from piece group by message_key, case when message_key is null then concat(file_id, ':', line_number) end, replace(text, 'LSRV=', 'SRV=')
),
split as (
    select row_number() over () as segment_number, seen, message_key, text, is_own, split_part(substr(text, 5), ':', 1) as host,
        substr(text, 6 + length(split_part(substr(text, 5), ':', 1))) as tail
    from segment
),
shape as (
    -- what is left of a tree when its parts are taken out: bars and balanced brackets
    select *, regexp_replace(tail, '[^|()=]+=[0-9]+([.,][0-9]+)? *', '', 'g') as rest from split
),
judged as (
    select *, starts_with(text, 'SRV=') and host <> '' and starts_with(tail, 'TOTAL') and regexp_matches(rest, '^[|()]*$') and not regexp_matches(rest, '^[()]')
        and length(replace(rest, '(', '')) = length(replace(rest, ')', '')) as is_tree
    from shape
),
token as (
    select s.segment_number, u.place, trim(u.text) as text,
        case u.text when '(' then 1 when ')' then -1 else 0 end as turn, case when u.text in ('(', ')') then 0 else 1 end as is_part
    from (select segment_number, regexp_extract_all(tail, '[()]|[^|()]+') as tokens from judged where is_tree) s,
        lateral (select unnest(s.tokens) as text, generate_subscripts(s.tokens, 1) as place) u
    where trim(u.text) <> ''
),
deep as (
    select segment_number, place, text, is_part, cast(sum(turn) over within as bigint) as depth, cast(sum(is_part) over within as bigint) as number
    from token window within as (partition by segment_number order by place)
),
nested as (
    select segment_number, text, depth, number, max(depth) over (partition by segment_number) as deepest,
        case depth when 0 then case when number > 1 then 1 end
            when 1 then max(case when depth = 0 then number end) over within when 2 then max(case when depth = 1 then number end) over within
            when 3 then max(case when depth = 2 then number end) over within when 4 then max(case when depth = 3 then number end) over within
            when 5 then max(case when depth = 4 then number end) over within when 6 then max(case when depth = 5 then number end) over within
            when 7 then max(case when depth = 6 then number end) over within when 8 then max(case when depth = 7 then number end) over within end as parent
    from deep where is_part = 1 window within as (partition by segment_number order by place)
),
named as (
    select segment_number, number, parent, regexp_replace(split_part(text, '=', 1), '-(PEN|INC)$', '') as component,
        regexp_matches(split_part(text, '=', 1), '-(PEN|INC)$') as is_incomplete,
        cast(round(cast(replace(split_part(text, '=', 2), ',', '.') as double) * 1000) as bigint) as duration_ms
    from nested where deepest <= 8
),
coded as (
    select *, regexp_extract(component, '^(X-)?[^-]+') as code, 
        nullif(case when starts_with(component, 'X-') then regexp_extract(component, '^X-[^-]+-(.+)$', 1) else regexp_extract(component, '^[^-]+-(.+)$', 1) end, '') as suffix,
        max(case when number = 1 then nullif(regexp_extract(component, '^TOTAL-(.+)$', 1), '') end) over (partition by segment_number) as service
    from named
),
part as (
    select s.message_key, s.seen.file_id as file_id, s.seen.line_number as line_number, s.seen.number * 1000 + c.number as position,
        s.seen.number * 1000 + c.parent as parent_position, upper(split_part(s.host, '.', 1)) as server, s.host, c.service, c.component,
        case when c.code = 'TOTAL' then 'total' when c.suffix is not null then 'agent' when starts_with(c.code, 'CAT') then 'categoriser'
            when c.code = 'D' or starts_with(c.code, 'Q') then 'queue' when c.code = 'SMRPI' then 'proxy'
            when regexp_matches(c.code, '^(X-)?SM[RS]') then case when c.service = 'FE' then 'proxy' else 'smtp' end
            when c.code = 'SA' or starts_with(c.code, 'SD') or starts_with(c.code, 'MTSS') then 'store' else 'other' end as kind,
        case when c.code <> 'TOTAL' then c.suffix end as agent, c.duration_ms, c.is_incomplete, s.is_own, s.seen.moment as written_at
    from coded c join judged s on s.segment_number = c.segment_number
),
unparsed as (
    select s.message_key, s.seen.file_id as file_id, s.seen.line_number as line_number, s.seen.number * 1000 + 1 as position, null as parent_position,
        nullif(upper(split_part(s.host, '.', 1)), '') as server, nullif(s.host, '') as host, null as service, s.text as component, 'unparsed' as kind, null as agent, null as duration_ms, false as is_incomplete,
        s.is_own, s.seen.moment as written_at
    from judged s where not exists (select 1 from named n where n.segment_number = s.segment_number)
)
select * from part union all select * from unparsed
