-- A message of which a tracking row shows whole seconds only, as exports of Get-MessageTrackingLog do: its times are right to a second.
-- column more_ms: what each of its times may be off by, beside what all are
-- grain: message_key
-- kind: temp
with coarse_file as (
    select t.file_id from tracking_event t where t.file_id in (select file_id from log_file where format in ('get_mtl_csv', 'get_mtl_list', 'get_mtl_table'))
    group by t.file_id having count(*) filter (t.date_time <> date_trunc('second', t.date_time)) = 0
)
select distinct message_key, 1000 as more_ms from track where file_id in (select file_id from coarse_file) and message_key is not null
