-- The conversations linked to one: the other side of the same connection, or the one it was handed on from or to.
with other as (
    select to_key as session_key, join_name, basis from link where from_kind = 'session' and to_kind = 'session' and from_key = $key
    union
    select from_key, join_name, basis from link where from_kind = 'session' and to_kind = 'session' and to_key = $key
)
select s.session_key, s.server, s.service, s.direction, s.connector_id, s.opened_at, s.remote_ip, s.remote_port, s.last_reply, o.join_name, o.basis
from other o join session s on s.session_key = o.session_key
order by s.opened_at, s.session_key
limit 50
