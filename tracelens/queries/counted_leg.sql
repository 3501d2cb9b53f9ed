-- Recipients of messages that a number counts, newest message first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select l.leg_key as row_key, m.first_at as moment, 1 as amount,
        [concat('status=', l.status), concat('message=', l.message_key), concat('origin=', coalesce(m.origin_class, 'none')),
            concat('ending=', case when l.status in ('delivered', 'relayed', 'expanded', 'redirected', 'duplicate') then 'reached' when l.status in ('failed', 'dropped', 'quarantined') then 'failed' else l.status end),
            concat('missed=', if(l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined'), 'yes', 'no')), concat('code=', coalesce(nullif(l.reason_code, ''), 'none')),
            concat('signature=', coalesce(c.signature_id, 'none')), concat('reasoned=', if(coalesce(l.reason_text, '') = '', 'no', 'yes')),
            concat('reason=', coalesce(md5(l.reason_text), 'none')), concat('text=', coalesce(md5(coalesce(c.inner_text, l.reason_text)), 'none')),
            concat('domain=', coalesce(nullif(lower(split_part(l.recipient_address, '@', -1)), ''), 'none')),
            concat('step=', case when l.total_ms is not null and l.status in ('delivered', 'relayed') then cast(round(power(10, floor(log10(greatest(l.total_ms, 1)) * 4) / 4)) as bigint) else -1 end)] as words
    from leg l join message m on m.message_key = l.message_key left join reply_class c on c.text = l.reason_text
    where not m.is_noise and ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until)
        and ($server = '' or l.message_key in (select message_key from hop where $server <> '' and (from_server = $server or to_server = $server)))
),
hit as (
    select * exclude (words), case when $by <> '' then list_filter(words, lambda w: starts_with(w, concat($by, '=')))[1] end as value
    from kept where list_has_all(words, cast($match as varchar[])) and ($sum = '' or amount > 0)
),
once as (
    select *, count(*) over (partition by value) as times, row_number() over (partition by value order by moment desc nulls last, row_key) as place
    from hit where $by = '' or value <> concat($by, '=none')
),
page as (
    select row_key, times, moment, count(*) over () as found_count, cast(sum(amount) over () as bigint) as sum_count
    from once where $by = '' or place = 1 order by moment desc nulls last, row_key limit $limit offset $offset
)
select m.message_key, m.first_at, l.status, m.sender_address, l.recipient_address, m.message_subject, l.reason_code, l.reason_text, l.total_ms, l.basis, p.times, p.found_count, p.sum_count
from page p join leg l on l.leg_key = p.row_key join message m on m.message_key = l.message_key
order by p.moment desc nulls last, p.row_key
