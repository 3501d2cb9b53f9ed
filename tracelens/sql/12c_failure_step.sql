-- A protocol row with a failure text: a 4xx or 5xx reply, a failed connection, handshake or logon, a delay on purpose.
-- grain: file_id, line_number
-- kind: temp
-- by: conversation
select session_number, transaction_number, date_time, event, data, context, file_id, line_number
from step
where is_reply and left(data, 1) in ('4', '5')
    or event = '*' and (
        regexp_matches(context, '^(Failed to connect|TLS negotiation failed|Inbound AUTH .* failed|Outbound [Aa]uthentication failed|Failed to setup proxy|Proxy session failed|Unable to find )')
        or regexp_matches(context, '(^|[ ''":])[45][0-9][0-9] [45]\.[0-9]+\.[0-9]+ |Winsock|[Ss]ocket error|Security status [A-Z]|No suitable shadow servers')
        or regexp_matches(context, '^Client certificate chain validation status: ''[A-Za-z]') and not regexp_matches(context, '''(EmptyCertificate|Valid|Success|None|OK)''')
        or regexp_matches(coalesce(nullif(data, ''), context), '^Tarpit for ') and not regexp_matches(coalesce(nullif(data, ''), context), '''0\.00:00:0[0-9](\.[0-9]+)?''$')
    )
