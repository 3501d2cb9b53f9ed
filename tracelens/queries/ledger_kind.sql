-- Files by state and log kind, with the lines in them and what they became.
select state, coalesce(format, 'unknown') as format, count(*) as file_count, cast(sum(size_bytes) as bigint) as size_bytes, cast(sum(line_count) as bigint) as line_count,
    cast(sum(event_count) as bigint) as event_count, cast(sum(reject_count) as bigint) as reject_count, min(first_at) as first_at, max(last_at) as last_at
from log_file group by all order by state, file_count desc, format limit 500
