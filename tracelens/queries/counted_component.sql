-- Times of server components that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select concat(file_id, '/', line_number, '/', position) as row_key, written_at as moment, 1 as amount,
        component as component_,
        coalesce(kind, 'none') as kind_,
        coalesce(agent, 'none') as agent_
    from latency_component
    where duration_ms is not null and (written_at is null or ($since is null or written_at >= $since) and ($until is null or written_at < $until)) and ($server = '' or coalesce(server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'component' then component_ when 'kind' then kind_ when 'agent' then agent_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($component = '' or component_ = $component)
        and ($kind = '' or kind_ = $kind)
        and ($agent = '' or agent_ = $agent)
),
-- include: counted_page
select c.message_key, c.written_at, c.server, c.component, c.kind, c.agent, c.duration_ms, m.sender_address, m.message_subject, p.times, p.found_count, p.sum_count
from page p join latency_component c on concat(c.file_id, '/', c.line_number, '/', c.position) = p.row_key left join message m on m.message_key = c.message_key
order by p.moment desc nulls last, p.row_key
