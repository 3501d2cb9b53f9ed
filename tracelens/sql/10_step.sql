-- Protocol log rows with their session and transaction: session-ids are unique per server, service and direction only.
-- A silence of over an hour starts a new run of the same id (process restart); RecordId rows stand before MAIL FROM.
-- grain: file_id, line_number
-- kind: temp
with ordered as (
    select server, service, direction, date_time, connector_id, session_id, sequence_number, local_ip, local_port,
        remote_ip, remote_port, event, data, context, file_id, line_number,
        concat_ws('|', coalesce(server, '?'), service, direction, coalesce(session_id, '?'),
            case when session_id = '0000000000000000' then coalesce(remote_endpoint, '?') end) as base_key,
        case when direction = 'receive' then '<' else '>' end as command_event,
        case when direction = 'receive' then '>' else '<' end as reply_event
    from smtp_event
),
gaps as (
    select *, case when date_diff('microsecond', lag(date_time) over runs, date_time) > 3600000000 then 1 else 0 end as is_new_run
    from ordered
    window runs as (partition by base_key order by date_time, sequence_number, file_id, line_number)
),
runs as (
    select *, sum(is_new_run) over (partition by base_key order by date_time, sequence_number, file_id, line_number) as run
    from gaps
),
keyed as (
    select *, base_key || '|' || cast(cast(run as bigint) as varchar) as session_key,
        event = command_event and upper(left(data, 10)) = 'MAIL FROM:' as is_mail,
        event = command_event and upper(left(data, 8)) = 'RCPT TO:' as is_rcpt,
        event = command_event and (upper(data) = 'DATA' or upper(left(data, 4)) = 'BDAT') as is_body,
        event = command_event and data is not null as is_command,
        event = reply_event and regexp_matches(data, '^[2-5][0-9][0-9]( |$)') as is_reply,
        event = reply_event and regexp_matches(data, '^[2-5][0-9][0-9]-') as is_reply_part,
        event = '*' and starts_with(coalesce(context, ''), 'sending message with RecordId') as is_record
    from runs
),
numbered as (
    select *, cast(sum(case when is_mail then 1 else 0 end) over turn as bigint) + case when is_record then 1 else 0 end as transaction_number,
        row_number() over turn as step_number
    from keyed
    window turn as (partition by session_key order by sequence_number, date_time, file_id, line_number
        rows between unbounded preceding and current row)
)
select session_key, server, service, direction, date_time, connector_id, session_id, sequence_number, local_ip, local_port,
    remote_ip, remote_port, event, data, context, file_id, line_number, transaction_number, step_number,
    coalesce(is_mail, false) as is_mail, coalesce(is_rcpt, false) as is_rcpt, coalesce(is_body, false) as is_body,
    coalesce(is_command, false) as is_command, coalesce(is_reply, false) as is_reply,
    coalesce(is_reply_part, false) as is_reply_part, coalesce(is_record, false) as is_record
from numbered
