-- Message tracking rows behind the given findings and messages.
with chosen as (
-- include: named_row
)
select t.file_id, t.line_number, t.server, t.date_time, t.client_ip, t.client_hostname, t.server_ip, t.server_hostname, t.source_context, t.connector_id, t.source,
    t.event_id, t.internal_message_id, t.message_id, t.network_message_id, t.recipient_address, t.recipient_status, t.total_bytes, t.recipient_count,
    t.related_recipient_address, t.reference, t.message_subject, t.sender_address, t.return_path, t.message_info, t.directionality, t.tenant_id,
    t.original_client_ip, t.original_server_ip, t.custom_data
from tracking_event t join chosen c on c.file_id = t.file_id and c.line_number = t.line_number
where t.date_time between $since and $until
order by t.date_time, t.file_id, t.line_number
limit $limit
