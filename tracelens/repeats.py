"""Tracking rows that stand in two files which are no copies of each other: overlapping cuts, an export and its log.

The segments keep all rows; table `duplicate` says which of them no other table counts.
Source: Microsoft Learn, "Message tracking", fields: log-id (Exchange 2016 and later) is one per row.
"""

from __future__ import annotations

from typing import Any

FIND = r"""
insert into duplicate
with stream as (
    select file_id, path, server, first_at, last_at,
        nullif(regexp_extract(upper(path), '(MSGTRK[A-Z]*)\d{8,10}-\d+\.LOG$', 1), '') as prefix
    from log_file where state in ('ingested', 'partial') and event_count > 0
        and file_id in (select file_id from segment where table_name = 'tracking_event')
),
-- logs that a server writes side by side have names that tell
overlap as (
    select a.file_id, b.file_id as other_id, greatest(a.first_at, b.first_at) as first_at,
        least(a.last_at, b.last_at) as last_at
    from stream a join stream b on a.first_at <= b.last_at and b.first_at <= a.last_at
    where a.file_id < b.file_id and (a.server = b.server or a.server is null or b.server is null)
        and (a.prefix = b.prefix or a.prefix is null or b.prefix is null)
),
suspect as (
    select file_id, min(first_at) as first_at, max(last_at) as last_at
    from (select file_id, first_at, last_at from overlap union all select other_id, first_at, last_at from overlap)
    group by file_id
),
row_id as (
    select e.log_id, e.date_time, e.event_id, e.source, e.message_id, e.file_id, e.line_number, f.path
    from tracking_event e join suspect s on s.file_id = e.file_id join stream f on f.file_id = e.file_id
    where e.log_id is not null and e.date_time between s.first_at and s.last_at
),
kept as (
    select log_id, date_time, event_id, source, message_id,
        min({path: path, line_number: line_number, file_id: file_id}) as first_row
    from row_id group by log_id, date_time, event_id, source, message_id having count(*) > 1
)
select r.file_id, r.line_number, k.first_row.file_id, k.first_row.line_number
from row_id r join kept k on k.log_id = r.log_id and k.date_time = r.date_time
    and k.event_id is not distinct from r.event_id and k.source is not distinct from r.source
    and k.message_id is not distinct from r.message_id
where (r.file_id, r.line_number) <> (k.first_row.file_id, k.first_row.line_number)
"""
EXPORTS = "format like 'get_mtl%' and state in ('ingested', 'partial') and event_count > 0"
FIND_EXPORTED = f"""
insert into duplicate
with export as (select min(first_at) as first_at, max(last_at) as last_at from log_file where {EXPORTS}),
row_id as (
    -- an export has whole seconds and no log-id; all logs together are one source, each export is another
    select e.event_id, e.source, e.message_id, e.internal_message_id, date_trunc('second', e.date_time) as second,
        e.file_id, e.line_number, f.path, f.format like 'get_mtl%' as is_export,
        case when f.format like 'get_mtl%' then f.path else '' end as origin
    from tracking_event e join log_file f on f.file_id = e.file_id cross join export x
    anti join duplicate d on d.file_id = e.file_id and d.line_number = e.line_number
    where e.message_id is not null and e.internal_message_id is not null
        and e.date_time between x.first_at and x.last_at + interval 1 second
),
numbered as (
    select *, row_number() over (
        partition by event_id, source, message_id, internal_message_id, second, origin order by path, line_number
    ) as number
    from row_id
    where message_id in (select message_id from row_id where is_export)
),
kept as (
    select event_id, source, message_id, internal_message_id, second, number,
        min({{is_export: is_export, path: path, line_number: line_number, file_id: file_id}}) as first_row
    from numbered group by event_id, source, message_id, internal_message_id, second, number having count(*) > 1
)
select n.file_id, n.line_number, k.first_row.file_id, k.first_row.line_number
from numbered n join kept k on k.message_id = n.message_id and k.internal_message_id = n.internal_message_id
    and k.second = n.second and k.number = n.number and k.event_id is not distinct from n.event_id
    and k.source is not distinct from n.source
where (n.file_id, n.line_number) <> (k.first_row.file_id, k.first_row.line_number)
"""
COUNT = """
update log_file set repeated_count = counted.row_count
from (select file_id, count(*) as row_count from duplicate group by file_id) counted
where counted.file_id = log_file.file_id
"""


def set_repeats_aside(con: Any) -> bool:
    """Fills `duplicate` from the tracking rows of the open database; tells whether there are any.

    Of equal rows the one in the first path stays, a log's before an export's, whatever the order of reading. Only files
    whose times overlap are looked at. An event of an export is a log's when kind, source, both ids of the message and
    the second are the same; of several such events the first is the first, and so on.
    """
    con.execute("update log_file set repeated_count = 0")
    con.execute(FIND)
    if con.execute(f"select 1 from log_file where {EXPORTS} limit 1").fetchall():
        con.execute(FIND_EXPORTED)
    con.execute(COUNT)
    return bool(con.execute("select count(*) from duplicate").fetchall()[0][0])
