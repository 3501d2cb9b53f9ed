-- Which message a pasted header or a row of an Exchange Online trace is about: by network-message-id, else by message-id, else one of its own.
-- column source: header or cloud
-- column mid: message-id without brackets
-- column nmid: network-message-id that the trace gives
-- grain: source, mid, nmid
-- kind: temp
-- source: formats.md 4.2 (J16, J17)
with asked as (
    select 'cloud' as source, nullif(trim(message_id, '<> '), '') as mid, network_message_id as nmid from exo_trace_event
    where nullif(trim(message_id, '<> '), '') is not null or network_message_id is not null
    union
    select 'header', nullif(trim(message_id, '<> '), ''), null from header_hop where nullif(trim(message_id, '<> '), '') is not null
),
logged as (
    select mid, message_key from track where mid in (select mid from asked) and message_key is not null
    union
    select mid, message_key from message_identity where mid in (select mid from asked)
),
by_mid as (
    select mid, min(message_key) as message_key from logged group by mid having count(distinct message_key) = 1
),
by_nmid as (
    select distinct message_key from track where message_key in (select nmid from asked)
),
cloud as (
    select a.mid, a.nmid, coalesce(n.message_key, m.message_key, a.nmid, 'id:' || a.mid) as message_key
    from asked a left join by_nmid n on n.message_key = a.nmid left join by_mid m on m.mid = a.mid where a.source = 'cloud'
),
cloud_mid as (
    select mid, min(message_key) as message_key from cloud where mid is not null group by mid having count(distinct message_key) = 1
)
select 'cloud' as source, mid, nmid, message_key from cloud
union all
select a.source, a.mid, a.nmid, coalesce(m.message_key, c.message_key, 'id:' || a.mid)
from asked a left join by_mid m on m.mid = a.mid left join cloud_mid c on c.mid = a.mid where a.source = 'header'
