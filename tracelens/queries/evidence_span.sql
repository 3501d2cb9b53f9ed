-- The log files behind one message, or one finding, and the time within which they have rows.
with wanted as (
    select unnest(evidence, recursive := true) from hop where message_key = $message
    union
    select unnest(evidence, recursive := true) from leg where message_key = $message
    union
    select unnest(evidence, recursive := true) from finding where finding_key = $finding
)
select min(first_at) as first_at, max(last_at) as last_at, list(file_id order by file_id) as files from log_file where file_id in (select file_id from wanted)
