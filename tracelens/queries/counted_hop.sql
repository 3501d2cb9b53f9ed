-- Hand-overs of messages that a number counts, newest first; `match` holds name=value, `by` names what to show once each, `sum` what to add up.
with kept as (
    select h.hop_key as row_key, coalesce(h.started_at, m.first_at) as moment, 1 as amount,
        [concat('kind=', h.kind), concat('from=', coalesce(h.from_server, '(outside)')), concat('to=', coalesce(h.to_server, '(outside)')), concat('message=', h.message_key),
            concat('connector=', coalesce(nullif(coalesce(h.send_connector, h.receive_connector), ''), 'none')), concat('client=', coalesce(h.from_ip, 'none')),
            concat('entry=', if(h.kind = 'receive' and h.outcome = 'accepted' and h.basis <> 'reported' and not m.is_noise, 'yes', 'no')),
            concat('timed=', if(h.started_at is not null and h.outcome <> 'refused', 'yes', 'no'))] as words
    from hop h join message m on m.message_key = h.message_key
    where ($since is null or coalesce(h.started_at, m.first_at) >= $since) and ($until is null or coalesce(h.started_at, m.first_at) < $until) and ($server = '' or h.from_server = $server or h.to_server = $server)
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
select h.message_key, h.started_at, h.kind, coalesce(h.from_server, h.from_ip) as from_place, coalesce(h.to_server, h.to_ip) as to_place, coalesce(h.send_connector, h.receive_connector) as connector,
    h.outcome, h.corrected_ms, h.bound_ms, h.wait_ms, h.tls_version, m.sender_address, m.message_subject, p.times, p.found_count, p.sum_count
from page p join hop h on h.hop_key = p.row_key join message m on m.message_key = h.message_key
order by p.moment desc nulls last, p.row_key
