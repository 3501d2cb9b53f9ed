-- Hand-overs beside what is usual for their route: of one message all of them, without a message the slow ones of the store.
with taken as (
    select hop_key, message_key, hop_number, kind, from_server, to_server, started_at, 'transit' as measure, corrected_ms as taken_ms, bound_ms
    from hop where corrected_ms is not null and outcome = 'accepted' and ($message = '' or message_key = $message)
    union all
    select hop_key, message_key, hop_number, kind, from_server, to_server, started_at, 'wait', wait_ms, wait_bound_ms
    from hop where wait_bound_ms is not null and wait_ms is not null and outcome = 'accepted' and ($message = '' or message_key = $message)
),
judged as (
    select t.message_key, t.hop_number, t.kind, coalesce(t.from_server, '(outside)') as from_place, coalesce(t.to_server, '(outside)') as to_place, t.started_at,
        t.measure, t.taken_ms, t.bound_ms, r.median_ms, r.usual_ms, r.hop_count,
        case when not r.has_history then 'not enough history' when t.taken_ms - t.bound_ms > r.usual_ms then 'slower than usual' else 'usual' end as verdict
    from taken t join route_delay r on r.kind = t.kind and r.measure = t.measure and r.from_server is not distinct from t.from_server
        and r.to_server is not distinct from t.to_server
)
select message_key, hop_number, kind, from_place, to_place, started_at, measure, taken_ms, bound_ms, median_ms, usual_ms, hop_count, verdict
from judged where $message <> '' or verdict = 'slower than usual'
order by taken_ms - usual_ms desc, message_key, hop_number, measure limit $limit
