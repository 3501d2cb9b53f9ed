-- The time to the recipient: per hour (or day) of a time zone, per origin and step of a quarter of a power of ten (`from_ms`), and, without any of these, of the whole window.
with reached as (
    select m.first_at, l.total_ms, coalesce(m.origin_class, 'none') as series
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or list_contains(m.servers, $server))
),
clock as (
    select hour, timezone($zone, timezone('UTC', hour)) - hour as ahead
    from (select unnest(generate_series(date_trunc('hour', $since), $until, interval 1 hour)) as hour)
),
placed as (
    select date_trunc($bucket, r.first_at + c.ahead) as moment, r.series, cast(round(power(10, floor(log10(greatest(r.total_ms, 1)) * 4) / 4)) as bigint) as from_ms, r.total_ms
    from reached r join clock c on c.hour = date_trunc('hour', r.first_at)
),
spread as (
    select moment, series, from_ms, quantile_disc(total_ms, [0.5, 0.95]) as parts, count(*) as recipient_count
    from placed group by grouping sets ((moment), (series, from_ms), ())
)
select moment, series, from_ms, parts[1] as median_ms, parts[2] as p95_ms, recipient_count from spread where recipient_count > 0 order by moment nulls first, series nulls first, from_ms
