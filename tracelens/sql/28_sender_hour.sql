-- What one sender sent from here in one hour: messages that came from a mailbox, a client with logon or an inside machine.
-- column outside_domains: domains of recipients that are none of ours
-- column repeated_subject_count: messages that share the hour's most frequent subject
-- grain: sender_address, origin_class, hour
-- kind: table
-- basis: observed
with written as (
    select lower(m.sender_address) as sender_address, m.origin_class, date_trunc('hour', m.first_at) as hour, m.message_key, m.message_subject, m.origin_ip, m.entry_connector, m.first_at, m.last_at,
        coalesce(m.message_bytes, 0) as message_bytes, l.leg_key, lower(split_part(l.recipient_address, '@', -1)) as domain, lower(l.recipient_address) as recipient_address, l.status,
        l.evidence[1].file_id as file_id, l.evidence[1].line_number as line_number
    from message m join leg l on l.message_key = m.message_key
    where m.origin_class in ('mailbox', 'client', 'internal') and not m.is_noise and m.sender_address is not null and m.sender_address not in ('', '<>')
        and m.status <> 'refused' and l.status not in ('expanded', 'redirected')
),
placed as (
    select w.*, d.domain is null as is_outside from written w left join accepted_domain_guess d on d.domain = w.domain
),
each_message as (
    select sender_address, origin_class, hour, message_key, max(message_subject) as message_subject, max(message_bytes) as message_bytes, bool_or(is_outside) as is_outside
    from placed group by sender_address, origin_class, hour, message_key
),
each_subject as (
    select sender_address, origin_class, hour, coalesce(message_subject, '') as message_subject, count(*) as subject_count
    from each_message group by sender_address, origin_class, hour, coalesce(message_subject, '')
),
subjects as (
    select sender_address, origin_class, hour, max(subject_count) as repeated_subject_count, max({subject_count: subject_count, message_subject: message_subject}).message_subject as repeated_subject
    from each_subject group by sender_address, origin_class, hour
),
sizes as (
    select sender_address, origin_class, hour, count(*) as message_count, cast(sum(case when is_outside then message_bytes else 0 end) as bigint) as outside_bytes
    from each_message group by sender_address, origin_class, hour
),
counted as (
    select sender_address, origin_class, hour, count(*) as recipient_count, count(*) filter (is_outside) as outside_count, count(distinct recipient_address) as distinct_recipient_count,
        list_sort(list(distinct domain) filter (is_outside and domain is not null)) as outside_domains, count(*) filter (status in ('failed', 'refused')) as failed_count,
        max(origin_ip) as origin_ip, max(entry_connector) as entry_connector, min(first_at) as first_at, max(last_at) as last_at,
        min({moment: first_at, file_id: file_id, line_number: line_number}) as first_row, max({moment: first_at, file_id: file_id, line_number: line_number}) as last_row
    from placed group by sender_address, origin_class, hour
)
select c.sender_address, c.origin_class, c.hour, z.message_count, c.recipient_count, c.distinct_recipient_count, c.outside_count, coalesce(c.outside_domains, []) as outside_domains, c.failed_count,
    z.outside_bytes, s.repeated_subject_count, s.repeated_subject, c.origin_ip, c.entry_connector, c.first_at, c.last_at,
    list_sort(list_distinct([struct_pack(file_id := c.first_row.file_id, line_number := c.first_row.line_number), struct_pack(file_id := c.last_row.file_id, line_number := c.last_row.line_number)])) as evidence
from counted c
join subjects s on s.sender_address = c.sender_address and s.origin_class = c.origin_class and s.hour = c.hour
join sizes z on z.sender_address = c.sender_address and z.origin_class = c.origin_class and z.hour = c.hour
