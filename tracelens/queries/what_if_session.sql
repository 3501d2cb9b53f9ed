-- The replayed sessions that a row of `what_if_change`, or (without outcome) of `what_if_left_out`, counts, newest first.
select session_key, opened_at, server, remote_ip, helo_name, message_count, senders, connector_before, connector_after, count(*) over () as found_count, cast(sum(message_count) over () as bigint) as mail_count
from replayed
where outcome is not distinct from $outcome and ($outcome is null and left_out = $reason or $outcome is not null and left_out is null and reason is not distinct from $reason
    and server is not distinct from $server and remote_ip is not distinct from $remote_ip and connector_before is not distinct from $connector_before and connector_after is not distinct from $connector_after)
order by opened_at desc, session_key limit $limit
