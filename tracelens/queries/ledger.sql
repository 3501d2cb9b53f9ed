-- Files seen, with what became of each line; of one state and with a text in path or reason (all when empty), one page of them.
select path, state, reason, format, server, service, size_bytes, line_count, event_count, reject_count, header_count, blank_count, continuation_count, pending_count, first_at, last_at, count(*) over () as found_count
from log_file
where ($state = '' or state = $state) and ($text = '' or contains(lower(path), lower($text)) or contains(lower(coalesce(reason, '')), lower($text)))
order by case state when 'failed' then 0 when 'partial' then 1 when 'skipped' then 3 else 2 end, path
limit $limit offset $offset
