-- Where the time of one message went, as the servers' own latency trees say.
select server, component, kind, agent, duration_ms, position, parent_position
from latency_component where message_key = $message order by position, server, component limit 500
