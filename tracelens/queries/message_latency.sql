-- Where a message's time went, as its servers tell: each part's own time, the longest first; the last word of each server counts.
-- Parts marked X- overlap others and are left out.
with segment as (
    select file_id, line_number, position // 1000 as number, server, service, kind = 'unparsed' as is_unparsed, duration_ms as total_ms, written_at, is_own
    from latency_component where message_key = $message and parent_position is null
),
last_word as (
    -- the same server and service tell the same work again; another total of theirs is another copy or a later state
    select server, service, max({written_at: written_at, file_id: file_id, line_number: line_number, number: number}) as chosen
    from segment where not is_unparsed group by server, service
),
part as (
    select c.server, c.service, c.component, c.kind, c.agent, c.duration_ms, c.is_incomplete, c.file_id, c.line_number, c.position
    from latency_component c join last_word w on w.chosen.file_id = c.file_id and w.chosen.line_number = c.line_number and w.chosen.number = c.position // 1000
    where c.message_key = $message and not starts_with(c.component, 'X-')
),
inner_part as (
    select file_id, line_number, parent_position, cast(sum(duration_ms) as bigint) as inner_ms
    from latency_component where message_key = $message and parent_position is not null and not starts_with(component, 'X-') group by file_id, line_number, parent_position
)
select p.server, p.service, p.kind, coalesce(p.agent, p.component) as component, greatest(p.duration_ms - coalesce(i.inner_ms, 0), 0) as own_ms, p.duration_ms,
    p.is_incomplete, f.path, p.line_number as line
from part p left join inner_part i on i.file_id = p.file_id and i.line_number = p.line_number and i.parent_position = p.position
left join log_file f on f.file_id = p.file_id
order by own_ms desc, p.server, p.file_id, p.line_number, p.position
