-- SMTP protocol events under the names of the Elastic Common Schema; source is the SMTP client, destination the SMTP server.
with row as (
    select e.*, e.direction = 'receive' as is_inbound, (e.direction = 'receive') = (e.event = '<') and e.event in ('<', '>') as is_command,
        (e.direction = 'receive') = (e.event = '>') and e.event in ('<', '>') as is_reply
    from smtp_event e
),
side as (
    select *, nullif(regexp_extract(case when is_inbound then remote_ip else local_ip end, '^[0-9a-fA-F:.]+'), '') as client_ip, case when is_inbound then remote_port else local_port end as client_port,
        case when is_inbound then remote_endpoint else local_endpoint end as client_endpoint,
        nullif(regexp_extract(case when is_inbound then local_ip else remote_ip end, '^[0-9a-fA-F:.]+'), '') as server_ip, case when is_inbound then local_port else remote_port end as server_port,
        case when is_inbound then local_endpoint else remote_endpoint end as server_endpoint,
        nullif(regexp_extract(data, '^(?i)(mail from|rcpt to|[a-z][a-z0-9-]{2,15})', 1), '') as verb,
        try_cast(nullif(regexp_extract(data, '^([2-5][0-9][0-9])(?:[ -]|$)', 1), '') as integer) as reply_code
    from row
)
select strftime(s.date_time, '%Y-%m-%dT%H:%M:%S.%gZ') as "@timestamp", '8.17.0' as "ecs.version",
    'event' as "event.kind", 'exchange' as "event.module", concat('exchange.smtp_', s.direction) as "event.dataset",
    ['email', 'network'] as "event.category",
    case when s.event = '+' then ['connection', 'start'] when s.event = '-' then ['connection', 'end']
        when s.is_reply and s.is_inbound and s.reply_code >= 500 then ['protocol', 'denied'] else ['protocol', 'info'] end as "event.type",
    case when s.event = '+' then 'connect' when s.event = '-' then 'disconnect' when s.event = '*' then 'note' when s.is_reply then 'reply'
        else coalesce(replace(lower(s.verb), ' ', '-'), 'command') end as "event.action",
    case when not s.is_reply or s.reply_code is null then null when s.reply_code < 400 then 'success' else 'failure' end as "event.outcome",
    case when s.is_reply then cast(s.reply_code as varchar) end as "event.code",
    case when s.event = '-' then nullif(s.context, '') end as "event.reason",
    s.sequence_number as "event.sequence", concat(s.file_id, ':', s.line_number) as "event.id",
    nullif(concat_ws(' | ', nullif(s.data, ''), nullif(s.context, '')), '') as message,
    s.client_endpoint as "source.address",
    s.client_ip as "source.ip", s.client_port as "source.port",
    s.server_endpoint as "destination.address",
    s.server_ip as "destination.ip", s.server_port as "destination.port",
    'tcp' as "network.transport", 'smtp' as "network.protocol", case when s.is_inbound then 'ingress' else 'egress' end as "network.direction",
    case when s.is_command and lower(s.verb) = 'mail from' then nullif(regexp_extract(s.data, '<([^>]*)>', 1), '') end as "email.sender.address",
    case when s.is_command and lower(s.verb) = 'rcpt to' then [regexp_extract(s.data, '<([^>]*)>', 1)] end as "email.to.address",
    s.server as "host.name", concat('exchange-', s.service) as "service.name", 'exchange' as "service.type",
    case when coalesce(s.client_ip, s.server_ip) is not null
        then list_sort(list_distinct([coalesce(s.client_ip, s.server_ip), coalesce(s.server_ip, s.client_ip)])) end as "related.ip",
    f.path as "log.file.path", s.line_number as "tracelens.line_number", s.connector_id as "tracelens.connector_id", s.session_id as "tracelens.session_id"
from side s left join log_file f on f.file_id = s.file_id
