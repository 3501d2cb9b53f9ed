-- Which Receive connector should have taken sessions and which did, per server, pair of connectors and reason; what differs first.
select c.state, s.server, c.expected_connector, c.actual_connector, c.reason, count(*) as session_count, cast(sum(s.message_count) as bigint) as message_count,
    count(distinct s.remote_ip) as client_count, list_sort(list(distinct s.remote_ip))[1:10] as clients, list_sort(list(distinct c.range_text)) as ranges,
    bool_or(c.is_ambiguous) as is_ambiguous, bool_or(c.is_changed_since) as is_changed_since, min(s.opened_at) as first_at, max(s.opened_at) as last_at
from connector_choice c join session s on s.session_key = c.session_key
where ($state = '' or c.state = $state) and not s.is_noise
group by c.state, s.server, c.expected_connector, c.actual_connector, c.reason
order by list_position(['differs', 'no connector matches', 'agrees', 'no configuration'], c.state), session_count desc, s.server, c.actual_connector, c.expected_connector, c.reason
limit $limit
