-- A hop that nothing leads to although a server of ours had the message before: how it came there is not in the logs.
-- column source: where it was: queue (of a hub or an Edge server), server (no row tells of which kind), mailbox (a guess), front end
-- grain: hop_key
-- kind: temp
-- by: message
with source as (
    select h.hop_key, h.message_key, h.hop_number,
        case when h.kind = 'external' and h.from_service = 'frontend' then 'front end'
            when h.from_service in ('hub', 'edge') and (h.kind in ('transfer', 'deliver', 'expand', 'external', 'receive', 'proxy') or h.kind = 'fork' and n.is_fork_row) then 'queue'
            when h.from_service is null and h.kind in ('receive', 'transfer') and h.basis <> 'reported' then 'server'
            when h.kind = 'submit' and h.basis = 'inferred' then 'mailbox' end as source
    from hop h join hop_node n on n.hop_key = h.hop_key where h.parent_hop_key is null and h.from_server is not null
)
select * from source where source is not null
