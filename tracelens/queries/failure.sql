-- Recipients that were not reached, by what the reason means, the most frequent first.
with missed as (
    select l.status, c.signature_id, c.class, c.meaning, coalesce(l.reason_code, '') as code, l.reason_text, l.message_key,
        lower(split_part(l.recipient_address, '@', -1)) as domain, coalesce(l.final_at, m.first_at) as moment
    from leg l join message m on m.message_key = l.message_key left join reply_class c on c.text = l.reason_text
    where l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined') and not m.is_noise
        and ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until) and ($status = '' or l.status = $status)
        and ($server = '' or list_contains(m.servers, $server))
)
select status, code, coalesce(class, '') as class, coalesce(meaning, case when coalesce(reason_text, '') = '' then 'no reason in the logs' else 'a text that no signature knows' end) as meaning,
    count(*) as recipient_count, count(distinct message_key) as message_count, count(distinct domain) as domain_count, count(distinct reason_text) as text_count,
    min(moment) as first_at, max(moment) as last_at, coalesce(signature_id, '') as signature_id
from missed group by all
order by recipient_count desc, status, code, meaning
limit $limit
