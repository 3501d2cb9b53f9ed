-- Candidates for joins of two sessions: J1, J2, J3, J8, J9.
-- column single_key: the side that has one partner in truth; two candidates of equal strength make the link ambiguous
-- column strength: lower is stronger; only the strongest candidates of a single_key count
-- grain: from_key, to_key, join_name, strength
-- kind: temp
with j1 as (
    -- the send session names the receive session it proxies
    select 'session' as from_kind, r.session_key as from_key, 'session' as to_kind, s.session_key as to_key, 'J1' as join_name, 'observed' as basis,
        s.session_key as single_key, case when s.opened_at <= r.closed_at then 0 else 1 end as strength
    from session s join session r on s.direction = 'send' and r.direction = 'receive' and r.session_id = s.proxied_session_id
        and r.service in ('frontend', 'unknown') and coalesce(r.server, '?') = coalesce(s.server, '?')
        and r.opened_at <= s.closed_at and date_diff('second', r.opened_at, s.opened_at) < 3600
),
pair as (
    -- the two sides of one connection: swapped endpoints at about the same time
    select 'session', send_key, 'session', receive_key, join_name, 'inferred', send_key, case when is_only then 0 else 1 end
    from session_pair
),
j3 as (
    -- the hub session names the front end's session; session-ids of two front ends may collide, its address tells them apart
    select 'session', f.session_key, 'session', h.session_key, 'J3', case when f.local_ip = h.remote_ip then 'observed' else 'inferred' end, h.session_key,
        case when f.local_ip = h.remote_ip then 0 else 1 end
    from session h join session f on h.direction = 'receive' and f.direction = 'receive' and h.service = 'hub' and f.service = 'frontend'
        and f.session_id = h.proxied_session_id and f.remote_ip = coalesce(h.proxied_ip, f.remote_ip)
        and abs(date_diff('second', f.opened_at, h.opened_at)) < 3600
)
select * from j1 union all select * from pair union all select * from j3
