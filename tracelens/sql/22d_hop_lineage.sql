-- Each hop with itself and the hops before it, up to the first.
-- grain: hop_key, earlier_key
-- kind: temp
-- by: message
with recursive line as (
    select hop_key, hop_key as earlier_key, parent_hop_key, 0 as depth from hop
    union all
    select l.hop_key, h.hop_key, h.parent_hop_key, l.depth + 1 from line l join hop h on h.hop_key = l.parent_hop_key where l.depth < 30
)
select hop_key, earlier_key, min(depth) as depth from line group by hop_key, earlier_key
