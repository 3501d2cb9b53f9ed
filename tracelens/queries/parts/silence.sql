turn as (
    select s.session_key, s.server, s.service, s.direction, s.connector_id, s.remote_ip, e.date_time, e.sequence_number, e.event, e.data, e.context, e.file_id, e.line_number,
        case when e.event = case s.direction when 'receive' then '<' else '>' end then left(e.data, 100) end as command,
        case when e.event in ('<', '>') then e.event end as spoken
    from chosen s join smtp_event e on e.session_id = s.session_id and e.service = s.service and e.direction = s.direction
        and e.server is not distinct from s.server and e.date_time between s.opened_at and s.closed_at
        and (s.session_id <> '0000000000000000' or e.remote_ip is not distinct from s.remote_ip)
),
heard as (
    select *, lag(date_time) over sofar as quiet_from, last_value(command ignore nulls) over before as last_command,
        last_value(spoken ignore nulls) over before as last_spoken, last_value(case when spoken is not null then upper(left(data, 4)) end ignore nulls) over before as last_word
    from turn
    window sofar as (partition by session_key order by sequence_number, date_time, file_id, line_number),
        before as (partition by session_key order by sequence_number, date_time, file_id, line_number rows between unbounded preceding and 1 preceding)
),
silence as (
    select *, date_diff('millisecond', quiet_from, date_time) as silence_ms, coalesce(last_command, '(connect)') as waited_command,
        case when event = '<' and direction = 'send' and last_word in ('BDAT', '354 ') then 'the rest of the message, or the remote side'
            when event = '<' then 'the remote side'
            when event = '-' and coalesce(last_spoken, '>') = '>' then 'the remote side'
            when event = '>' and direction = 'receive' and last_spoken = '>' and regexp_matches(data, '^[45]') then 'the remote side'
            when direction = 'receive' and regexp_matches(upper(last_command), '^(DATA|BDAT)') then 'the rest of the message, or this server'
            else 'this server' end as waited_for
    from heard
)
