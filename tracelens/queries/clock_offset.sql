-- How far the clocks of two servers are apart, and how sure that is.
select server, peer_server, from_at, until_at, offset_ms, bound_ms, forward_count, backward_count, basis from clock_offset
where until_at >= $since and from_at < $until and ($server = '' or server = $server or peer_server = $server)
order by abs(offset_ms) desc nulls last, server, peer_server, from_at limit 500
