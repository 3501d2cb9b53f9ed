-- A tracking row of Mailbox Delivery, with the queue entry that the message left.
-- grain: file_id, line_number
-- kind: temp
-- by: message
select message_key, event_id, date_time, server, client_server, client_ip, next_server, server_ip, source_context, recipient_address, recipient_status, file_id, line_number,
    concat(coalesce(nullif(client_server, ''), server), '#', internal_message_id) as queue_node
from track where event_id in ('DELIVER', 'DELIVERFAIL', 'DUPLICATEDELIVER') and message_key is not null
