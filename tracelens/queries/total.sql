-- What was read, in one row: files, unreadable lines, since when there are rows.
select
    (select count(*) from log_file where state in ('ingested', 'partial')) as file_count,
    (select count(*) from log_file where state not in ('ingested', 'partial')) as left_out_count,
    (select count(*) from reject) as reject_count,
    (select min(hour) from coverage where state = 'covered') as first_at
