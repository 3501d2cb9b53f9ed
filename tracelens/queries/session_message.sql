-- The envelopes of one conversation, with the message where the logs tell which.
with envelope as (
    select *, concat(session_key, '#', transaction_number) as envelope_key from transaction where session_key = $key
),
known as (
    select e.envelope_key, min(m.message_key) as message_key from envelope e
    join message m on m.message_id = trim(e.message_id, '<>')
    where m.first_at <= e.ended_at + interval 1 day and m.last_at >= e.started_at - interval 1 day
    group by e.envelope_key
    union all
    select e.envelope_key, min(l.to_key) from envelope e join link l on l.from_key = e.envelope_key and l.from_kind = 'transaction' and l.to_kind = 'message'
    group by e.envelope_key
)
select e.transaction_number, e.mail_from, coalesce(len(e.accepted_recipients), 0) as accepted_count, coalesce(len(e.refused_recipients), 0) as refused_count,
    e.message_id, cast(e.message_bytes as bigint) as message_bytes, e.reply_text, e.ended_at, (select min(k.message_key) from known k where k.envelope_key = e.envelope_key) as message_key
from envelope e
order by e.transaction_number
