-- One recipient of a tracking row that tells of anything but plain progress: failed, put off, dropped, doubled, resubmitted.
-- column reason: status of that recipient, else of the row
-- column peer_server: the server the row names as the other side
-- grain: file_id, line_number, position
-- kind: table
-- basis: observed
with told as (
    select * from track
    where event_id not in ('RECEIVE', 'SEND', 'SENDEXTERNAL', 'DELIVER', 'SUBMIT', 'NOTIFYMAPI', 'NOTIFYSHADOW', 'HARECEIVE', 'HAREDIRECT', 'HADISCARD', 'AGENTINFO', 'EXPAND', 'RESOLVE', 'TRANSFER')
        or event_id = 'RECEIVE' and source not in ('SMTP', 'STOREDRIVER', 'DSN')
)
select t.file_id, t.line_number, r.position, t.server, t.event_id, t.source, t.message_key, t.mid as message_id, t.sender_address, t.message_subject,
    lower(t.recipient_address[r.position]) as recipient_address, lower(split_part(t.recipient_address[r.position], '@', -1)) as domain,
    coalesce(nullif(t.recipient_status[r.position], ''),
        case when t.event_id in ('SUBMITDEFER', 'SUBMITFAIL') then nullif(regexp_extract(t.custom_data, '(?:DiagnosticInfo=)?((?:Error:|Diagnostic Information:).*SmtpResponse:.*)$', 1), '') end,
        case when not regexp_matches(t.source_context, '^[0-9A-F]{16}(;|$)') then nullif(t.source_context, '') end) as reason,
    t.related_recipient_address, t.reference, t.connector_id, nullif(t.next_server, '') as peer_server, t.server_ip as peer_ip, t.client_ip, t.source_context, t.custom_data,
    t.directionality, t.is_noise, t.date_time as moment
from told t, lateral (select unnest(range(1, 1 + greatest(coalesce(len(t.recipient_address), 0), 1))) as position) r
