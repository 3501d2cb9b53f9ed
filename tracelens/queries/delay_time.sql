-- Median and 95th percentile of the time to the recipient, per hour (or day) of a time zone; without a moment: of the whole window.
with reached as (
    select m.first_at, l.total_ms
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
),
clock as (
    select hour, timezone($zone, timezone('UTC', hour)) - hour as ahead
    from (select distinct date_trunc('hour', first_at) as hour from reached)
),
placed as (
    select date_trunc($bucket, r.first_at + c.ahead) as moment, r.total_ms
    from reached r join clock c on c.hour = date_trunc('hour', r.first_at)
),
spread as (
    select moment, quantile_disc(total_ms, [0.5, 0.95]) as parts, count(*) as recipient_count
    from placed group by grouping sets ((moment), ())
)
select moment, parts[1] as median_ms, parts[2] as p95_ms, recipient_count from spread where recipient_count > 0 order by moment nulls first
