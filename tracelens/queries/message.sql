-- Messages that match all given texts, newest first, one page of them.
select m.message_key, m.first_at, m.status, m.sender_address, m.message_subject, m.recipient_count, m.hop_count, m.total_ms,
    m.message_bytes, m.origin_class, m.message_id, count(*) over () as found_count
from message m
where ($noise or not m.is_noise)
    and ($message_id = '' or contains(lower(m.message_id), lower($message_id)) or m.network_message_id = lower($message_id) or m.message_key = $message_id)
    and ($sender = '' or contains(lower(m.sender_address), lower($sender)))
    and ($subject = '' or contains(lower(m.message_subject), lower($subject)))
    and ($recipient = '' or exists (
        select 1 from leg l where l.message_key = m.message_key and contains(lower(l.recipient_address), lower($recipient))))
    and ($status = '' or exists (select 1 from leg l where l.message_key = m.message_key and l.status = $status))
    and ($since is null or m.last_at >= $since) and ($until is null or m.first_at < $until)
order by case when $message_id <> '' and lower(m.message_id) = lower($message_id) then 0 else 1 end, m.first_at desc nulls last, m.message_key
limit $limit offset $offset
