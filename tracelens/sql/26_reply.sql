-- One failure text in a log: a 4xx or 5xx reply, a failed connection, handshake or logon, a recipient status of a failed row, a delivery or an agent that said why, a queue's last error, a non-delivery report, a recipient that a cloud trace did not find.
-- A tracking row without words of its own is told by its event and source.
-- grain: reply_key
-- kind: table
-- basis: observed
with smtp as (
    select 'smtp_' || c.direction as log, c.server, c.service, c.direction, c.connector_id, c.session_id, c.session_key, c.remote_ip, c.remote_port, c.local_port,
        cast(null as varchar) as peer_name,
        case when s.event <> '*' or starts_with(coalesce(s.data, ''), 'Tarpit for ') then s.data else s.context end as text,
        i.message_key, s.date_time as moment, c.is_noise, s.file_id, s.line_number, 0 as position
    from failure_step s join session_number k on k.session_number = s.session_number join session c on c.session_key = k.session_key
    left join message_identity i on i.session_key = k.session_key and i.transaction_number = s.transaction_number
),
tracked as (
    select 'message_tracking' as log, t.server, 'hub' as service, 'send' as direction,
        t.connector_id, cast(null as varchar) as session_id, cast(null as varchar) as session_key, t.server_ip as remote_ip, cast(null as integer) as remote_port,
        cast(null as integer) as local_port, t.next_server as peer_name,
        coalesce(nullif(t.recipient_status[r.position], ''),
            case when t.event_id in ('SUBMITDEFER', 'SUBMITFAIL') then nullif(regexp_extract(t.custom_data, '(?:DiagnosticInfo=)?((?:Error:|Diagnostic Information:).*SmtpResponse:.*)$', 1), '') end,
            case when not regexp_matches(t.source_context, '^[0-9A-F]{16}(;|$)') then nullif(t.source_context, '') end,
            concat_ws(' ', t.event_id, t.source)) as text,
        t.message_key, t.date_time as moment, t.is_noise, t.file_id, t.line_number, r.position
    from track t, lateral (select unnest(range(1, 1 + greatest(coalesce(len(t.recipient_status), 0), 1))) as position) r
    where t.event_id in ('FAIL', 'DEFER', 'SUBMITDEFER', 'SUBMITFAIL', 'DELIVERFAIL', 'BADMAIL', 'POISONMESSAGE')
),
connected as (
    select 'connectivity' as log, server, cast(null as varchar) as service, 'send' as direction, cast(null as varchar) as connector_id, session as session_id,
        cast(null as varchar) as session_key, cast(null as varchar) as remote_ip, cast(null as integer) as remote_port, cast(null as integer) as local_port,
        destination as peer_name, description as text, cast(null as varchar) as message_key, date_time as moment, false as is_noise, file_id, line_number, 0 as position
    from connectivity_event
    where regexp_matches(description, '\((Retry|Failed) : |(^|[ ''":])[45][0-9][0-9] [45]\.[0-9]+\.[0-9]+ |Failed to connect|DNS query failed|Winsock|[Ss]ocket error')
),
acted as (
    select 'agent' as log, server, cast(null as varchar) as service, 'receive' as direction, cast(null as varchar) as connector_id, session_id, cast(null as varchar) as session_key,
        nullif(regexp_replace(coalesce(remote_endpoint, ''), ':[0-9]+$', ''), '') as remote_ip, cast(null as integer) as remote_port, cast(null as integer) as local_port,
        agent as peer_name, smtp_response as text, cast(null as varchar) as message_key, date_time as moment, false as is_noise, file_id, line_number, 0 as position
    from agent_event where regexp_matches(smtp_response, '^[45][0-9][0-9]([ ]|$)')
),
queued as (
    select 'queue' as log, server, case when server is null then 'unknown' else 'hub' end as service, 'send' as direction, next_hop_connector as connector_id,
        cast(null as varchar) as session_id, cast(null as varchar) as session_key, nullif(regexp_extract(last_error, '[{]IP=([^}%]*)', 1), '') as remote_ip,
        cast(null as integer) as remote_port, cast(null as integer) as local_port,
        coalesce(nullif(regexp_extract(last_error, '[{]FQDN=([^}]*)', 1), ''), next_hop_domain) as peer_name, last_error as text,
        cast(null as varchar) as message_key, date_time as moment, false as is_noise, file_id, line_number, 0 as position
    from queue_state where last_error <> ''
),
reported as (
    select 'report' as log, server, case when server is null then 'unknown' else 'hub' end as service, 'send' as direction, cast(null as varchar) as connector_id,
        cast(null as varchar) as session_id, cast(null as varchar) as session_key, by_ip as remote_ip, cast(null as integer) as remote_port, cast(null as integer) as local_port,
        by_host as peer_name, text, cast(null as varchar) as message_key, date_time as moment, false as is_noise, file_id, line_number, 0 as position
    from header_hop where kind = 'diagnostic' and regexp_matches(text, '(^|[^0-9.])[45]\.[0-9]{1,3}\.[0-9]{1,3}([^0-9.]|$)')
),
traced as (
    select 'exo_trace' as log, server, 'cloud' as service, 'send' as direction, connector_id, cast(null as varchar) as session_id, cast(null as varchar) as session_key,
        to_ip as remote_ip, cast(null as integer) as remote_port, cast(null as integer) as local_port, cast(null as varchar) as peer_name,
        case when starts_with(coalesce(status, ''), 'NotFound.') then status else detail end as text,
        cast(null as varchar) as message_key, date_time as moment, false as is_noise, file_id, line_number, row_number() over (partition by file_id, line_number order by recipient_address) - 1 as position
    from exo_trace_event where starts_with(coalesce(status, ''), 'NotFound.') or regexp_matches(coalesce(detail, ''), '(^|[ ''":=\[])[45][0-9][0-9] [45]\.[0-9]{1,3}\.[0-9]{1,3}[ ;]')
)
select concat_ws(':', file_id, line_number, position) as reply_key, log, server, service, direction, connector_id, session_id, session_key,
    remote_ip, remote_port, local_port, peer_name, text, message_key, moment, is_noise, file_id, line_number
from (select * from smtp union all select * from tracked union all select * from connected union all select * from acted union all select * from queued
    union all select * from reported union all select * from traced) where text is not null
