-- How the time to the recipient spreads: recipients by step of a quarter of a power of ten, per origin.
with reached as (
    select m.origin_class as series, greatest(l.total_ms, 1) as taken_ms
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
)
select series, cast(round(power(10, floor(log10(taken_ms) * 4) / 4)) as bigint) as from_ms, count(*) as value
from reached group by all order by series, from_ms
