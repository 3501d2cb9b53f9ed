-- What the logs alone say of the hand-overs of those messages that headers or a cloud trace tell of.
-- grain: hop_key
-- kind: temp
-- by: message
select md5(concat_ws('|', message_key, kind, anchor)) as hop_key, message_key, kind, anchor, max(from_server) as from_server,
    list_sort(list_distinct(list(from_ip))) as from_ips, max(to_server) as to_server, max(to_service) as to_service, max(to_ip) as to_ip,
    min(started_at) as started_at, max(ended_at) as ended_at, max(reply_text) as reply_text, max(from_node) as from_node, max(to_node) as to_node
from hop_part where message_key in (select message_key from told_message) group by message_key, kind, anchor
