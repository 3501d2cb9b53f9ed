-- A step out of the ordinary as its conversation alone tells it; see odd_step.
-- grain: file_id, line_number, kind
-- kind: temp
-- by: conversation
with secured as (
    select session_number, min(step_number) as tls_step from step where event = '*' and starts_with(coalesce(context, ''), 'TLS protocol') and contains(context, 'succeeded') group by session_number
),
candidate as (
    -- cheap tests first: these are few of millions
    select session_number, step_number, date_time, event, data, context, file_id, line_number, is_receive, is_command, is_reply, is_reply_part from step
    where is_receive and is_command and not is_mail and not is_rcpt and not is_body
        or is_reply and (left(data, 2) = '50' or contains(data, 'are line'))
        or (is_reply or is_reply_part) and (contains(data, '******') or contains(data, 'XXXXXXX'))
        or event = '*' and (starts_with(data, 'Tarpit for ') or starts_with(context, 'Tarpit for ') or contains(data, 'are line') or contains(context, 'are line'))
),
sorted as (
    select t.session_number, t.step_number, t.date_time, t.data, t.context, t.file_id, t.line_number,
        case when t.is_receive and t.is_command and regexp_matches(upper(t.data), '^(VRFY|EXPN)( |$)') then 'vrfy'
            when t.is_receive and t.is_command and regexp_matches(t.data, '^((GET|POST|HEAD|PUT|CONNECT|OPTIONS|DELETE|PATCH) +[^ ]+|HTTP/1\.|Host: |User-Agent: |PROXY TCP)') then 'http'
            when t.is_receive and t.is_command and (regexp_matches(t.data, '^[\x00-\x08\x0E-\x1F]') or contains(t.data, 'mstshash=') or starts_with(t.data, '\x16\x03')) then 'binary'
            when t.is_receive and t.is_command and regexp_matches(upper(t.data), '^AUTH (LOGIN|PLAIN)') and (k.tls_step is null or k.tls_step > t.step_number) then 'plain logon'
            when t.is_receive and t.is_reply and starts_with(t.data, '500 5.3.3') then 'unrecognized'
            when t.is_receive and t.is_reply and regexp_matches(t.data, '^50[13] 5\.5\.') then 'bad sequence'
            when t.event = '*' and starts_with(coalesce(t.data, ''), 'Tarpit for ') or t.event = '*' and starts_with(coalesce(t.context, ''), 'Tarpit for ') then 'tarpit'
            when (t.is_reply or t.is_reply_part) and regexp_matches(t.data, '^2[25]0[ -].*(\*{6,}|X{7,})') then 'rewritten'
            when contains(lower(coalesce(t.data, '') || ' ' || coalesce(t.context, '')), 'bare line') and (t.is_reply or t.event = '*') then 'bare line feed' end as kind
    from candidate t left join secured k on k.session_number = t.session_number
),
counted as (
    -- one end of data is accepted once: more acceptances than bodies is what smuggling looks like
    select session_number, sum(case when is_reply and event = '>' and starts_with(data, '250 2.6.0') and contains(data, 'InternalId') then 1 else 0 end) as accepted,
        sum(case when is_body and (upper(data) = 'DATA' or ends_with(upper(data), ' LAST')) then 1 else 0 end) as bodies,
        max({step: step_number, moment: date_time, data: data, file_id: file_id, line_number: line_number}) filter (is_reply and starts_with(data, '250 2.6.0') and contains(data, 'InternalId')) as row
    from step where is_receive and (is_body or is_reply and starts_with(data, '250 2.6.0')) group by session_number
)
select session_number, kind, date_time as moment, coalesce(nullif(data, ''), context) as text,
    case when kind = 'tarpit' then try_cast('1970-01-01 ' || nullif(regexp_extract(coalesce(data, '') || ' ' || coalesce(context, ''), 'for ''[0-9]+\.([0-9:]+)', 1), '') as timestamp) end as delay,
    file_id, line_number
from sorted where kind is not null
union all
select c.session_number, 'extra acceptance', c.row.moment, c.row.data, null, c.row.file_id, c.row.line_number from counted c where c.accepted > c.bodies and c.bodies > 0
