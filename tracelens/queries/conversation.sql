-- The rows of one session in order, each with the silence before it, the last command by then, and who was to speak.
with turn as (
    select e.date_time, e.sequence_number, e.event, e.data, e.context, e.file_id, e.line_number, s.direction,
        case when e.event = case s.direction when 'receive' then '<' else '>' end then left(e.data, 100) end as command,
        case when e.event in ('<', '>') then e.event end as spoken
    from session s join smtp_event e on e.session_id = s.session_id and e.service = s.service and e.direction = s.direction
        and e.server is not distinct from s.server and e.date_time between s.opened_at and s.closed_at
        and (s.session_id <> '0000000000000000' or e.remote_ip is not distinct from s.remote_ip)
    where s.session_key = $key
),
heard as (
    select *, date_diff('millisecond', lag(date_time) over sofar, date_time) as silence_ms, last_value(command ignore nulls) over before as last_command,
        last_value(spoken ignore nulls) over before as last_spoken, last_value(case when spoken is not null then upper(left(data, 4)) end ignore nulls) over before as last_word
    from turn
    window sofar as (order by sequence_number, date_time, file_id, line_number),
        before as (order by sequence_number, date_time, file_id, line_number rows between unbounded preceding and 1 preceding)
)
select t.date_time, t.silence_ms, t.event, t.data, t.context,
    case when t.silence_ms is not null then coalesce(t.last_command, '(connect)') end as waited_command,
    case when t.silence_ms is null then null when t.event = '<' and t.direction = 'send' and t.last_word in ('BDAT', '354 ') then 'the rest of the message, or the remote side'
        when t.event = '<' then 'the remote side'
        when t.event = '-' and coalesce(t.last_spoken, '>') = '>' then 'the remote side'
        when t.event = '>' and t.direction = 'receive' and t.last_spoken = '>' and regexp_matches(t.data, '^[45]') then 'the remote side'
        when t.direction = 'receive' and regexp_matches(upper(t.last_command), '^(DATA|BDAT)') then 'the rest of the message, or this server'
        else 'this server' end as waited_for,
    f.path, t.line_number as line
from heard t left join log_file f on f.file_id = t.file_id
order by t.sequence_number, t.date_time, t.file_id, t.line_number
