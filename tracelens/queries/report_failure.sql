-- Recipients that were not reached, by reason; the meaning where a signature knows the text.
with missed as (
    select l.status, coalesce(l.reason_code, '') as code, coalesce(c.class, '') as class, coalesce(c.meaning, regexp_replace(coalesce(c.inner_text, l.reason_text, ''), '[0-9a-f]{8,}|\d{4}-\d\d-\d\dT[0-9:.Z]+', '…', 'g')) as reason,
        l.message_key, l.leg_key, split_part(l.recipient_address, '@', -1) as domain, l.final_at, l.evidence
    from leg l join message m on m.message_key = l.message_key
    left join reply_class c on c.text = l.reason_text
    where l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
)
select status, code, class, reason, count(*) as recipients, count(distinct message_key) as messages, count(distinct domain) as domains,
    min(final_at) as first_at, max(final_at) as last_at, flatten(list(evidence order by final_at desc, leg_key))[1:3] as evidence
from missed group by status, code, class, reason order by recipients desc, status, code, reason
