-- A window in one row: messages, ends of their legs, times, conversations.
with chosen as (
    select m.* from message m
    where m.first_at >= $since and m.first_at < $until and not m.is_noise
        and ($server = '' or exists (select 1 from hop h where h.message_key = m.message_key and (h.from_server = $server or h.to_server = $server)))
),
ends as (
    select l.* from leg l join chosen c on c.message_key = l.message_key
),
talk as (
    select * from session where opened_at >= $since and opened_at < $until and not is_noise and ($server = '' or server = $server)
)
select
    (select count(*) from chosen) as messages,
    (select count(*) from ends where status in ('delivered', 'duplicate')) as delivered,
    (select count(*) from ends where status = 'relayed') as relayed,
    (select count(*) from ends where status = 'failed') as failed,
    (select count(*) from ends where status = 'refused') as refused,
    (select count(*) from ends where status = 'deferred') as deferred,
    (select quantile_disc(total_ms, 0.5) from ends where status in ('delivered', 'relayed')) as median_ms,
    (select quantile_disc(total_ms, 0.95) from ends where status in ('delivered', 'relayed')) as p95_ms,
    (select count(*) from talk where direction = 'receive') as sessions,
    (select cast(coalesce(sum(auth_failure_count), 0) as bigint) from talk where direction = 'receive') as failed_logons,
    (select count(*) from talk where connect_error is not null) as failed_connections
