-- Messages that match all given filters, one page of them, with how many match; an empty filter lets all pass.
with hit as (
    select m.message_key, m.first_at, m.total_ms, m.message_bytes, m.recipient_count, m.sender_address
    from message m
    where ($noise or not m.is_noise)
        and ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until)
        and ($text = '' or contains(lower(m.message_id), lower($text)) or m.network_message_id = lower($text) or m.message_key = $text
            or contains(lower(m.sender_address), lower($text)) or contains(lower(m.message_subject), lower($text)) or m.origin_ip = $text
            or m.message_key in (select message_key from leg where $text <> '' and contains(lower(recipient_address), lower($text)))
            or m.message_key in (select message_key from hop where $text <> '' and (from_ip = $text or to_ip = $text)))
        and ($message_id = '' or contains(lower(m.message_id), lower($message_id)) or m.network_message_id = lower($message_id) or m.message_key = $message_id)
        and ($sender = '' or contains(lower(m.sender_address), lower($sender)))
        and ($subject = '' or contains(lower(m.message_subject), lower($subject)))
        and ($domain = '' or ends_with(lower(m.sender_address), '@' || lower($domain)) or m.message_key in (
            select message_key from leg where $domain <> '' and ends_with(lower(recipient_address), '@' || lower($domain))))
        and (($recipient = '' and $status = '' and $reason = '' and $code = '') or m.message_key in (
            select l.message_key from leg l left join reply_class c on c.text = l.reason_text
            where ($recipient <> '' or $status <> '' or $reason <> '' or $code <> '')
                and ($recipient = '' or contains(lower(l.recipient_address), lower($recipient)))
                and ($status = '' or l.status = $status or ($status = 'not reached' and l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined')))
                and ($reason = '' or c.signature_id = $reason)
                and ($code = '' or starts_with(l.reason_code, replace($code, 'xx', '')) or starts_with(l.reason_text, replace($code, 'xx', '')))))
        and ($connector = '' or m.entry_connector = $connector or m.exit_connector = $connector or m.message_key in (
            select message_key from hop where $connector <> '' and (send_connector = $connector or receive_connector = $connector)))
        and ($server = '' or list_contains(m.servers, $server))
        and ($tls = '' or m.message_key in (select message_key from hop where $tls <> '' and tls_version = $tls))
        and ($account = '' or m.message_key in (select message_key from hop where $account <> '' and contains(lower(auth_user), lower($account))))
        and (not $gaps or m.message_key in (select message_key from gap where $gaps))
        and ($origin = '' or m.origin_class = $origin)
        and ($slow_ms = 0 or m.total_ms >= $slow_ms)
),
shown as (
    select message_key, row_number() over () as position from (
        select message_key from hit
        order by case when $sort = 'oldest' then first_at end nulls last, case when $sort = 'slowest' then total_ms end desc nulls last,
            case when $sort = 'largest' then message_bytes end desc nulls last, case when $sort = 'most recipients' then recipient_count end desc nulls last,
            case when $sort = 'sender' then lower(sender_address) end nulls last, first_at desc nulls last, message_key
        limit $limit offset $offset
    )
),
ending as (
    select l.message_key, min(l.recipient_address) as recipient_address, count(*) as leg_count,
        max(struct_pack(is_bad := l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined'), leg_key := l.leg_key, code := l.reason_code, reply := l.reason_text,
            meaning := c.meaning)) as worst
    from leg l join shown s on s.message_key = l.message_key left join reply_class c on c.text = l.reason_text
    group by l.message_key
),
last_hop as (
    select h.message_key, max(struct_pack(hop_number := h.hop_number, server := coalesce(h.to_server, h.to_ip, h.from_server))) as final
    from hop h join shown s on s.message_key = h.message_key group by h.message_key
)
select m.message_key, m.first_at, m.status, m.origin_class, m.sender_address,
    case when e.leg_count > 1 then concat(e.recipient_address, ' +', e.leg_count - 1) else e.recipient_address end as recipients, m.message_subject,
    case when e.worst.is_bad then coalesce(e.worst.meaning, e.worst.code) end as reason, case when e.worst.is_bad then e.worst.reply end as reply,
    m.total_ms, m.message_bytes, m.hop_count, coalesce(m.entry_connector, m.exit_connector) as connector, m.origin_ip, f.final.server as last_server, m.message_id,
    (select count(*) from hit) as found_count
from shown s join message m on m.message_key = s.message_key
left join ending e on e.message_key = m.message_key left join last_hop f on f.message_key = m.message_key
order by s.position
