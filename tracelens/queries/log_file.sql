-- Files that were not read to the end, and files with rejects.
select path, state, reason, reject_count, line_count
from log_file where state <> 'ingested' or reject_count > 0
order by case state when 'failed' then 0 when 'partial' then 1 when 'ingested' then 2 else 3 end, path
limit $limit
