-- Conversations by the Receive connector that should have taken them, which a number counts, newest first; an empty word lets all pass, `by` names what to show once each, `sum` what to add up.
with kept as (
    select s.session_key as row_key, s.opened_at as moment, case $sum when 'messages' then s.message_count else 1 end as amount,
        c.state as state_,
        coalesce(c.expected_connector, 'none') as expected_,
        coalesce(nullif(c.actual_connector, ''), 'none') as actual_,
        coalesce(c.reason, 'none') as reason_,
        coalesce(s.remote_ip, 'none') as address_
    from connector_choice c join session s on s.session_key = c.session_key
    where not s.is_noise and ($since is null or s.opened_at >= $since) and ($until is null or s.opened_at < $until) and ($server = '' or coalesce(s.server, 'none') = $server)
),
hit as (
    select row_key, moment, amount,
        case $by when 'state' then state_ when 'expected' then expected_ when 'actual' then actual_ when 'reason' then reason_ when 'address' then address_ else '' end as value
    from kept
    where ($sum = '' or amount > 0)
        and ($state = '' or state_ = $state)
        and ($expected = '' or expected_ = $expected)
        and ($actual = '' or actual_ = $actual)
        and ($reason = '' or reason_ = $reason)
        and ($address = '' or address_ = $address)
),
-- include: counted_page
select s.session_key, s.opened_at, s.server, c.expected_connector, c.actual_connector, s.remote_ip, s.helo_name, s.message_count, c.reason, p.times, p.found_count, p.sum_count
from page p join session s on s.session_key = p.row_key join connector_choice c on c.session_key = s.session_key
order by p.moment desc nulls last, p.row_key
