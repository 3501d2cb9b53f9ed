-- One failure text in a log: a 4xx or 5xx reply, a failed connection, handshake or logon, a recipient status of a failed row.
-- grain: reply_key
-- kind: table
-- basis: observed
with smtp as (
    select 'smtp_' || s.direction as log, s.server, s.service, s.direction, c.connector_id, s.session_id, s.session_key, s.remote_ip, s.remote_port, s.local_port,
        cast(null as varchar) as peer_name, case when s.event = '*' then s.context else s.data end as text,
        i.message_key, s.date_time as moment, c.is_noise, s.file_id, s.line_number, 0 as position
    from step s join session c on c.session_key = s.session_key
    left join message_identity i on i.session_key = s.session_key and i.transaction_number = s.transaction_number
    where s.is_reply and regexp_matches(s.data, '^[45][0-9][0-9][ ]')
        or s.event = '*' and regexp_matches(s.context, '^(Failed to connect|TLS negotiation failed|Inbound AUTH .* failed|Outbound [Aa]uthentication failed|Failed to setup proxy|Proxy session failed|[45][0-9][0-9] [245]\.[0-9])')
),
tracked as (
    select 'message_tracking' as log, t.server, 'hub' as service, 'send' as direction,
        t.connector_id, cast(null as varchar) as session_id, cast(null as varchar) as session_key, t.server_ip as remote_ip, cast(null as integer) as remote_port,
        cast(null as integer) as local_port, t.next_server as peer_name,
        coalesce(nullif(t.recipient_status[r.position], ''), nullif(t.source_context, '')) as text,
        t.message_key, t.date_time as moment, t.is_noise, t.file_id, t.line_number, r.position
    from track t, lateral (select unnest(range(1, 1 + greatest(coalesce(len(t.recipient_status), 0), 1))) as position) r
    where t.event_id in ('FAIL', 'DEFER', 'SUBMITDEFER', 'SUBMITFAIL', 'DELIVERFAIL', 'BADMAIL', 'POISONMESSAGE')
)
select concat_ws(':', file_id, line_number, position) as reply_key, log, server, service, direction, connector_id, session_id, session_key,
    remote_ip, remote_port, local_port, peer_name, text, message_key, moment, is_noise, file_id, line_number
from (select * from smtp union all select * from tracked) where text is not null
