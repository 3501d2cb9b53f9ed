-- Past mail that would have been refused or taken by another connector, per client: the refused first.
select c.outcome, c.reason, c.server, c.remote_ip, max(c.helo_name) as helo_name,
    list_sort(list_distinct(flatten(list(c.senders))))[1:10] as senders, count(*) as session_count, cast(sum(c.message_count) as bigint) as message_count,
    min(c.opened_at) as first_at, max(c.opened_at) as last_at, c.connector_before, c.connector_after
from replayed c where c.outcome is not null
group by c.outcome, c.reason, c.server, c.remote_ip, c.connector_before, c.connector_after
order by c.outcome desc, message_count desc, c.server, c.remote_ip, c.connector_before, c.connector_after, c.reason
