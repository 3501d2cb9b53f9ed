-- The queue entry that a hop left and the one it made (`SERVER#InternalId`, or `fe:…` at a front end).
-- grain: hop_key
-- kind: temp
-- by: message
with part as (
    select message_key, kind, anchor, witness, from_node, to_node from hop_part
    union all select message_key, kind, anchor, witness, from_node, to_node from header_part
    union all select message_key, kind, anchor, witness, from_node, to_node from cloud_part
    union all select message_key, kind, anchor, witness, from_node, to_node from queue_part
)
select h.hop_key, h.message_key, max(p.from_node) as from_node, max(p.to_node) as to_node, bool_or(p.witness = 'tracking_fork') as is_fork_row
from part p join hop h on h.hop_key = md5(concat_ws('|', p.message_key, p.kind, p.anchor))
group by h.hop_key, h.message_key
