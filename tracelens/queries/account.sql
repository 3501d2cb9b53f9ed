-- The ledger per state and format.
select state, coalesce(format, '') as format, count(*) as file_count, cast(sum(size_bytes) as bigint) as size_bytes, cast(sum(line_count) as bigint) as line_count,
    cast(sum(header_count) as bigint) as header_count, cast(sum(event_count) as bigint) as event_count, cast(sum(reject_count) as bigint) as reject_count,
    cast(sum(blank_count) as bigint) as blank_count, cast(sum(pending_count) as bigint) as pending_count, cast(sum(continuation_count) as bigint) as continuation_count
from log_file group by state, format order by state, format
