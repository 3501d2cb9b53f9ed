-- The number of each session, good for one build only, with the key that stays.
-- grain: session_number
-- kind: temp
-- by: conversation
with later_run as (
    select distinct conversation_number, run from conversation_run
),
run as (
    select conversation_number, 0 as run from conversation union all select conversation_number, run from later_run
)
select c.conversation_number * 10000 + r.run as session_number, c.base_key || '|' || cast(r.run as varchar) as session_key,
    c.server, c.service, c.direction, c.session_id
from run r join conversation c on c.conversation_number = r.conversation_number
