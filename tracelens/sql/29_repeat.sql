-- A recipient for whom the same message was taken by one server, or put into one mailbox, more than once.
-- column event_id: RECEIVE: taken by the Transport service of that server; DELIVER: delivered, the server is the first that did
-- column repeat_count: how often
-- grain: event_id, server, message_id, recipient_address
-- kind: table
-- basis: observed
with named as (
    select t.event_id, case when t.event_id = 'RECEIVE' then t.server end as server, t.server as at_server, t.mid, t.message_key, t.sender_address, t.connector_id, t.is_noise,
        lower(a.address) as recipient_address, t.date_time, t.file_id, t.line_number
    from track t, lateral (select unnest(t.recipient_address) as address) a
    where (t.event_id = 'RECEIVE' and t.source = 'SMTP' or t.event_id = 'DELIVER') and t.mid is not null and a.address <> ''
)
select event_id, coalesce(server, min(at_server)) as server, mid as message_id, recipient_address, max(message_key) as message_key, max(sender_address) as sender_address,
    list_sort(list(distinct connector_id)) as connectors, count(*) as repeat_count, min(date_time) as first_at, max(date_time) as last_at, bool_or(is_noise) as is_noise,
    list({file_id: file_id, line_number: line_number} order by date_time, file_id, line_number) as evidence
from named group by event_id, server, mid, recipient_address having count(*) > 1
