-- Joins of one message's records that another candidate fits as well: they are kept, and not used.
with own as (
    select distinct concat(file_id, ':', line_number) as key
    from (select unnest(evidence, recursive := true) from hop where message_key = $message)
)
select join_name, from_kind, from_key, to_kind, to_key from link
where basis = 'ambiguous' and ('message' in (from_kind, to_kind) and $message in (from_key, to_key)
    or from_kind = 'tracking_event' and from_key in (select key from own) or to_kind = 'tracking_event' and to_key in (select key from own))
order by join_name, from_kind, from_key, to_kind, to_key limit 100
