-- Median and 95th percentile of the time to the recipient, in seconds, per hour (or day).
with reached as (
    select date_trunc($bucket, m.first_at) as moment, l.total_ms
    from leg l join message m on m.message_key = l.message_key
    where l.total_ms is not null and l.status in ('delivered', 'relayed') and not m.is_noise and m.first_at >= $since and m.first_at < $until
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
)
select moment, 'median' as series, quantile_disc(total_ms, 0.5) / 1000.0 as value from reached group by moment
union all
select moment, '95 %', quantile_disc(total_ms, 0.95) / 1000.0 from reached group by moment
order by moment, series
