-- Counts of the time from `since` to `until` beside those of the time before, of the same length; `is_worse` where more is worse. What protocol logs
-- tell is left out where there are none of either time.
with leg_count as (
    select count(*) filter (m.first_at >= $since) as reached_now, count(*) filter (m.first_at < $since) as reached_before, l.status
    from leg l join message m on m.message_key = l.message_key
    where not m.is_noise and m.first_at >= $before and m.first_at < $until group by l.status
),
talk as (
    select opened_at >= $since as is_now, service = 'frontend' and direction = 'send' and connect_error is not null as is_proxy_failure
    from session where not is_noise and opened_at >= $before and opened_at < $until
),
named as (
    select answered_at >= $since as is_now, is_taken and auth_user is null as is_relay from envelope_recipient
    where is_outside and not is_first_party and answered_at >= $before and answered_at < $until
),
counted as (
    select 1 as position, 'Messages' as measure, count(*) filter (first_at >= $since) as now, count(*) filter (first_at < $since) as before, false as is_worse,
        'messages' as page, '' as filters
    from message where not is_noise and first_at >= $before and first_at < $until
    union all
    select 2, 'Recipients refused', coalesce(cast(sum(reached_now) as bigint), 0), coalesce(cast(sum(reached_before) as bigint), 0), true, 'counted', 'of=leg&status=refused' from leg_count where status = 'refused'
    union all
    select 3, 'Recipients failed', coalesce(cast(sum(reached_now) as bigint), 0), coalesce(cast(sum(reached_before) as bigint), 0), true, 'counted', 'of=leg&ending=failed' from leg_count
    where status in ('failed', 'dropped', 'quarantined')
    union all
    select 4, 'Slower than a minute', count(*) filter (first_at >= $since), count(*) filter (first_at < $since), true, 'messages', 'slow=1 min'
    from message where not is_noise and first_at >= $before and first_at < $until and total_ms >= 60000
    union all
    select 5, 'Sessions', count(*) filter (is_now), count(*) filter (not is_now), false, 'sessions', '' from talk
    union all
    select 6, 'Front End could not connect', count(*) filter (is_now and is_proxy_failure), count(*) filter (not is_now and is_proxy_failure), true, 'counted', 'of=session&service=frontend&direction=send&connected=no' from talk
    union all
    select 7, 'Failed logons', count(*) filter (moment >= $since), count(*) filter (moment < $since), true, 'counted', 'of=logon&outcome=failed'
    from logon where not is_noise and not is_good and moment >= $before and moment < $until
    union all
    select 8, 'Relayed without logon', count(*) filter (is_now and is_relay), count(*) filter (not is_now and is_relay), true, 'counted', 'of=recipient&relay=yes&outcome=taken&logon=no' from named
)
select measure, now, before, is_worse, page, filters from counted
where position < 5 or (select count(*) from session where opened_at >= $before and opened_at < $until) > 0
order by position
