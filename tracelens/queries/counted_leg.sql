-- Recipients of messages that a number counts, newest message first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select l.leg_key as row_key, m.first_at as moment, 1 as amount,
        l.status as status_,
        l.message_key as message_,
        coalesce(m.origin_class, 'none') as origin_,
        case when l.status in ('delivered', 'relayed', 'expanded', 'redirected', 'duplicate') then 'reached' when l.status in ('failed', 'dropped', 'quarantined') then 'failed' else l.status end as ending_,
        if(l.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined'), 'yes', 'no') as missed_,
        coalesce(nullif(l.reason_code, ''), 'none') as code_,
        coalesce(c.signature_id, 'none') as signature_,
        if(coalesce(l.reason_text, '') = '', 'no', 'yes') as reasoned_,
        coalesce(md5(l.reason_text), 'none') as reason_,
        coalesce(md5(coalesce(c.inner_text, l.reason_text)), 'none') as text_,
        coalesce(nullif(lower(split_part(l.recipient_address, '@', -1)), ''), 'none') as domain_,
        cast(case when l.total_ms is not null and l.status in ('delivered', 'relayed') then cast(round(power(10, floor(log10(greatest(l.total_ms, 1)) * 4) / 4)) as bigint) else -1 end as varchar) as step_,
        if(l.total_ms is not null and l.status in ('delivered', 'relayed'), 'yes', 'no') as timed_
    from leg l join message m on m.message_key = l.message_key left join reply_class c on c.text = l.reason_text
    where not m.is_noise and ($client <> '' or ($since is null or m.first_at >= $since) and ($until is null or m.first_at < $until))
        and ($client = '' or l.status not in ('expanded', 'redirected', 'refused') and l.message_key in (select h.message_key from hop h join message w on w.message_key = h.message_key
            where $client <> '' and h.from_ip = $client and h.kind = 'receive' and h.outcome = 'accepted' and h.basis <> 'reported' and ($server = '' or h.to_server = $server)
                and ($since is null or coalesce(h.started_at, w.first_at) >= $since) and ($until is null or coalesce(h.started_at, w.first_at) < $until)))
        and ($side = '' or ($side = 'outside') = (split_part(l.recipient_address, '@', -1) not in (select domain from accepted_domain_guess)))
        and ($client <> '' or $server = '' or list_contains(m.servers, $server))
),
hit as (
    select row_key, moment, amount,
        case $by when 'status' then status_ when 'message' then message_ when 'origin' then origin_ when 'ending' then ending_ when 'missed' then missed_ when 'code' then code_ when 'signature' then signature_ when 'reasoned' then reasoned_ when 'reason' then reason_ when 'text' then text_ when 'domain' then domain_ when 'step' then step_ when 'timed' then timed_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($status = '' or status_ = $status)
        and ($message = '' or message_ = $message)
        and ($origin = '' or origin_ = $origin)
        and ($ending = '' or ending_ = $ending)
        and ($missed = '' or missed_ = $missed)
        and ($code = '' or code_ = $code)
        and ($signature = '' or signature_ = $signature)
        and ($reasoned = '' or reasoned_ = $reasoned)
        and ($reason = '' or reason_ = $reason)
        and ($text = '' or text_ = $text)
        and ($domain = '' or domain_ = $domain)
        and ($step = '' or step_ = $step)
        and ($timed = '' or timed_ = $timed)
),
-- include: counted_page
select m.message_key, m.first_at, l.status, m.sender_address, l.recipient_address, m.message_subject, l.reason_code, l.reason_text, l.total_ms, l.basis, p.times, p.found_count, p.sum_count
from page p join leg l on l.leg_key = p.row_key join message m on m.message_key = l.message_key
order by p.moment desc nulls last, p.row_key
