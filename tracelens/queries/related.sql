-- The message that made Exchange write this one, and those that Exchange wrote because of it: reports, copies, requests to moderators.
with own as (
    select cause_message_key, cause_kind from message where message_key = $message
)
select 'cause' as relation, o.cause_kind as kind, m.message_key, m.message_id, m.sender_address, m.message_subject, m.status, m.first_at
from own o join message m on m.message_key = o.cause_message_key
union all
select 'made', cause_kind, message_key, message_id, sender_address, message_subject, status, first_at from message where cause_message_key = $message
order by relation, first_at, message_key
