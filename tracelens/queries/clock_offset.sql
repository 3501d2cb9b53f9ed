-- How far the clocks of two servers are apart, how sure that is, and how many hand-overs between the two there were meanwhile.
with apart as (
    select server, peer_server, from_at, until_at, offset_ms, bound_ms, forward_count, backward_count, basis from clock_offset
    where until_at >= $since and from_at < $until and ($server = '' or server = $server or peer_server = $server)
    order by abs(offset_ms) desc nulls last, server, peer_server, from_at limit 500
),
handed as (
    select from_server, to_server, started_at from hop
    where from_server <> to_server and started_at is not null and outcome <> 'refused' and ($server = '' or from_server = $server or to_server = $server)
),
met as (
    select a.server, a.peer_server, a.from_at, count(*) filter (h.from_server = a.server) as there_count, count(*) filter (h.from_server = a.peer_server) as back_count
    from apart a join handed h on least(h.from_server, h.to_server) = least(a.server, a.peer_server) and greatest(h.from_server, h.to_server) = greatest(a.server, a.peer_server)
        and h.started_at >= date_trunc('minute', a.from_at) and h.started_at < date_trunc('minute', a.until_at) + interval 1 minute
    group by a.server, a.peer_server, a.from_at
)
select a.server, a.peer_server, a.from_at, a.until_at, a.offset_ms, a.bound_ms, coalesce(m.there_count, 0) as there_count, coalesce(m.back_count, 0) as back_count,
    a.forward_count, a.backward_count, a.basis
from apart a left join met m on m.server = a.server and m.peer_server = a.peer_server and m.from_at = a.from_at
order by abs(a.offset_ms) desc nulls last, a.server, a.peer_server, a.from_at
