-- Hand-overs of messages that a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select h.hop_key as row_key, coalesce(h.started_at, m.first_at) as moment, 1 as amount,
        h.kind as kind_,
        coalesce(h.from_server, '(outside)') as from_,
        coalesce(h.to_server, '(outside)') as to_,
        h.message_key as message_,
        cast(cast(coalesce(h.started_at, m.first_at) as date) as varchar) as day_,
        coalesce(nullif(coalesce(h.send_connector, h.receive_connector), ''), 'none') as connector_,
        coalesce(h.from_ip, 'none') as client_,
        coalesce(nullif(lower(m.sender_address), ''), 'none') as sender_,
        coalesce(h.from_server, h.from_ip, 'none') as giver_,
        coalesce(h.to_server, 'none') as taker_,
        coalesce(h.send_connector, 'none') as way_,
        if(h.kind = 'receive' and h.outcome = 'accepted' and h.basis <> 'reported' and not m.is_noise, 'yes', 'no') as entry_,
        if(h.outcome = 'accepted' and not m.is_noise, 'yes', 'no') as accepted_,
        if(h.started_at is not null and h.outcome <> 'refused', 'yes', 'no') as timed_,
        if(h.outcome = 'accepted' and not m.is_noise and h.corrected_ms is not null, 'yes', 'no') as transit_,
        if(h.outcome = 'accepted' and not m.is_noise and h.wait_bound_ms is not null and h.wait_ms is not null, 'yes', 'no') as wait_
    from hop h join message m on m.message_key = h.message_key
    where ($since is null or coalesce(h.started_at, m.first_at) >= $since) and ($until is null or coalesce(h.started_at, m.first_at) < $until) and ($server = '' or h.from_server = $server or h.to_server = $server)
        and ($within = '' or contains(lower(coalesce(h.receive_connector, '')), lower($within)))
),
hit as (
    select row_key, moment, amount,
        case $by when 'kind' then kind_ when 'from' then from_ when 'to' then to_ when 'message' then message_ when 'day' then day_ when 'connector' then connector_ when 'client' then client_ when 'sender' then sender_ when 'giver' then giver_ when 'taker' then taker_ when 'way' then way_ when 'entry' then entry_ when 'accepted' then accepted_ when 'timed' then timed_ when 'transit' then transit_ when 'wait' then wait_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($kind = '' or kind_ = $kind)
        and ($from = '' or from_ = $from)
        and ($to = '' or to_ = $to)
        and ($message = '' or message_ = $message)
        and ($day = '' or day_ = $day)
        and ($connector = '' or connector_ = $connector)
        and ($client = '' or client_ = $client)
        and ($sender = '' or sender_ = $sender)
        and ($giver = '' or giver_ = $giver)
        and ($taker = '' or taker_ = $taker)
        and ($way = '' or way_ = $way)
        and ($entry = '' or entry_ = $entry)
        and ($accepted = '' or accepted_ = $accepted)
        and ($timed = '' or timed_ = $timed)
        and ($transit = '' or transit_ = $transit)
        and ($wait = '' or wait_ = $wait)
),
-- include: counted_page
select h.message_key, h.started_at, h.kind, coalesce(h.from_server, h.from_ip) as from_place, coalesce(h.to_server, h.to_ip) as to_place, coalesce(h.send_connector, h.receive_connector) as connector,
    h.outcome, h.corrected_ms, h.bound_ms, h.wait_ms, h.tls_version, m.sender_address, m.message_subject, p.times, p.found_count, p.sum_count
from page p join hop h on h.hop_key = p.row_key join message m on m.message_key = h.message_key
order by p.moment desc nulls last, p.row_key
