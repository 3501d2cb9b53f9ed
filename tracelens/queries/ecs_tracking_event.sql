-- Message tracking events under the names of the Elastic Common Schema.
with row as (
    select e.*, nullif(regexp_extract(e.client_ip, '^[0-9a-fA-F:.]+'), '') as from_ip, nullif(regexp_extract(e.server_ip, '^[0-9a-fA-F:.]+'), '') as to_ip,
        nullif(regexp_extract(e.original_client_ip, '^[0-9a-fA-F:.]+'), '') as first_ip
    from tracking_event e
)
select strftime(r.date_time, '%Y-%m-%dT%H:%M:%S.%gZ') as "@timestamp", '8.17.0' as "ecs.version",
    'event' as "event.kind", 'exchange' as "event.module", 'exchange.message_tracking' as "event.dataset", ['email'] as "event.category", ['info'] as "event.type",
    lower(r.event_id) as "event.action", r.source as "event.provider",
    case when contains(r.event_id, 'FAIL') then 'failure' when r.event_id in ('RECEIVE', 'SEND', 'SENDEXTERNAL', 'DELIVER', 'SUBMIT', 'EXPAND') then 'success' end as "event.outcome",
    case when contains(r.event_id, 'FAIL') or r.event_id in ('DEFER', 'DROP') then nullif(array_to_string(list_sort(list_distinct(r.recipient_status)), '; '), '') end as "event.reason",
    concat(r.file_id, ':', r.line_number) as "event.id",
    r.from_ip as "source.ip", nullif(r.client_hostname, '') as "source.domain", r.to_ip as "destination.ip", nullif(r.server_hostname, '') as "destination.domain",
    case when r.source = 'SMTP' then 'smtp' end as "network.protocol",
    case when r.sender_address <> '' then [r.sender_address] end as "email.from.address",
    case when contains(r.sender_address, '@') then [lower(split_part(r.sender_address, '@', -1))] end as "email.from.domain",
    nullif(trim(r.return_path, '<>'), '') as "email.sender.address",
    case when len(r.recipient_address) > 0 then r.recipient_address end as "email.to.address",
    nullif(trim(r.message_id, '<>'), '') as "email.message_id", cast(r.internal_message_id as varchar) as "email.local_id",
    nullif(r.message_subject, '') as "email.subject",
    case when r.directionality = 'Incoming' then 'inbound' end as "email.direction", nullif(r.directionality, '') as "tracelens.directionality",
    case when r.event_id = 'DELIVER' then strftime(r.date_time, '%Y-%m-%dT%H:%M:%S.%gZ') end as "email.delivery_timestamp",
    r.server as "host.name", 'exchange' as "service.type",
    case when coalesce(r.from_ip, r.to_ip, r.first_ip) is not null then list_sort(list_distinct([coalesce(r.from_ip, r.to_ip, r.first_ip),
        coalesce(r.to_ip, r.from_ip, r.first_ip), coalesce(r.first_ip, r.from_ip, r.to_ip)])) end as "related.ip",
    f.path as "log.file.path", r.line_number as "tracelens.line_number", nullif(r.connector_id, '') as "tracelens.connector_id",
    nullif(r.network_message_id, '') as "tracelens.network_message_id", r.first_ip as "tracelens.original_client_ip",
    r.total_bytes as "tracelens.message_bytes", r.recipient_count as "tracelens.recipient_count",
    nullif(array_to_string(r.recipient_status, '; '), '') as "tracelens.recipient_status", nullif(r.source_context, '') as "tracelens.source_context"
from row r left join log_file f on f.file_id = r.file_id
