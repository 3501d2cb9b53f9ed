-- What the store holds, in one row.
select
    (select count(*) from message where $noise or not is_noise) as message_count,
    (select count(*) from message where is_noise) as noise_count,
    (select count(*) from leg l join message m on m.message_key = l.message_key where $noise or not m.is_noise) as leg_count,
    (select count(*) from session where $noise or not is_noise) as session_count,
    (select count(*) from finding where severity in ('critical', 'high')) as urgent_count,
    (select count(*) from finding) as finding_count,
    (select count(*) from log_file where state in ('ingested', 'partial')) as file_count,
    (select count(*) from log_file where state not in ('ingested', 'partial')) as left_out_count,
    (select count(*) from reject) as reject_count,
    (select min(hour) from coverage where state = 'covered') as first_at,
    (select max(hour) from coverage where state = 'covered') as last_at
