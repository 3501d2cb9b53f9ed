-- A protocol row of a logon on the receiving side: its outcome or its user.
-- column has_tls: the conversation was encrypted by then
-- grain: file_id, line_number
-- kind: temp
-- by: conversation
with told as (
    select session_number, step_number, sequence_number, date_time, data, context, file_id, line_number,
        event = '*' and starts_with(coalesce(context, ''), 'Inbound AUTH ') and contains(context, ' failed') as is_failure,
        event = '>' and is_reply and starts_with(data, '535 ') as is_denial,
        event = '>' and is_reply and starts_with(data, '235 ') as is_welcome,
        event = '*' and context = 'authenticated' as is_user,
        event = '*' and starts_with(coalesce(context, ''), 'User Name:') as is_name,
        event = '*' and starts_with(coalesce(context, ''), 'TLS protocol') and contains(context, 'succeeded') as is_tls
    from step where is_receive and (event = '*' or is_reply and (starts_with(data, '535 ') or starts_with(data, '235 ')))
),
placed as (
    select t.*, bool_or(t.is_failure) over (partition by t.session_number) as has_failure, bool_or(t.is_user) over (partition by t.session_number) as has_user,
        max(case when t.is_tls then 1 else 0 end) over (partition by t.session_number order by t.step_number) = 1 as has_tls,
        coalesce(t.sequence_number, t.step_number) as place
    from told t where t.is_failure or t.is_denial or t.is_welcome or t.is_user or t.is_name or t.is_tls
)
select * from placed where not is_tls
