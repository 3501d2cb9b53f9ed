-- The distinct texts behind one reason, the most frequent first; nested errors are unwrapped, so that stamps and server names do not tell them apart.
select coalesce(c.inner_text, l.reason_text) as text, count(*) as recipient_count, count(distinct l.message_key) as message_count, count(distinct lower(split_part(l.recipient_address, '@', -1))) as domain_count,
    min(l.reason_text) as example, min(coalesce(l.final_at, m.first_at)) as first_at, max(coalesce(l.final_at, m.first_at)) as last_at
from leg l join message m on m.message_key = l.message_key left join reply_class c on c.text = l.reason_text
where l.status = $status and coalesce(l.reason_code, '') = $code and coalesce(c.signature_id, '') = $signature and not m.is_noise
    and ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until)
    and ($server = '' or list_contains(m.servers, $server))
group by all order by recipient_count desc, text
limit $limit
