-- Silences inside sessions, the longest first: the command that waited and who was to speak; of one session, or of all.
with turn as (
    select s.session_key, s.server, s.service, s.direction, s.connector_id, s.remote_ip, e.date_time, e.sequence_number, e.event, e.data, e.file_id, e.line_number,
        case when e.event = case s.direction when 'receive' then '<' else '>' end then left(e.data, 100) end as command,
        case when e.event in ('<', '>') then e.event end as spoken
    from session s join smtp_event e on e.session_id = s.session_id and e.service = s.service and e.direction = s.direction
        and e.server is not distinct from s.server and e.date_time between s.opened_at and s.closed_at
        and (s.session_id <> '0000000000000000' or e.remote_ip is not distinct from s.remote_ip)
    where ($key = '' and not s.is_noise or s.session_key = $key) and s.longest_silence_ms >= $silence
),
heard as (
    select *, lag(date_time) over sofar as quiet_from, last_value(command ignore nulls) over before as last_command,
        last_value(spoken ignore nulls) over before as last_spoken, last_value(case when spoken is not null then upper(left(data, 4)) end ignore nulls) over before as last_word
    from turn
    window sofar as (partition by session_key order by sequence_number, date_time, file_id, line_number),
        before as (partition by session_key order by sequence_number, date_time, file_id, line_number rows between unbounded preceding and 1 preceding)
)
select t.session_key, t.server, t.service, t.direction, t.connector_id, t.remote_ip, t.quiet_from, date_diff('millisecond', t.quiet_from, t.date_time) as silence_ms,
    coalesce(t.last_command, '(connect)') as waited_command,
    case when t.event = '<' and t.direction = 'send' and t.last_word in ('BDAT', '354 ') then 'the rest of the message, or the remote side'
        when t.event = '<' then 'the remote side'
        when t.event = '-' and coalesce(t.last_spoken, '>') = '>' then 'the remote side'
        when t.event = '>' and t.direction = 'receive' and t.last_spoken = '>' and regexp_matches(t.data, '^[45]') then 'the remote side'
        when t.direction = 'receive' and regexp_matches(upper(t.last_command), '^(DATA|BDAT)') then 'the rest of the message, or this server'
        else 'this server' end as waited_for,
    f.path, t.line_number as line
from heard t left join log_file f on f.file_id = t.file_id
where date_diff('millisecond', t.quiet_from, t.date_time) >= $silence
order by silence_ms desc, t.session_key, t.sequence_number limit $limit
