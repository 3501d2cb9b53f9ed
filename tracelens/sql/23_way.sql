-- One way that a message took: who handed it in, where it came in, who handed it out, to whom; a message to several places has several.
-- column message_key: the message
-- column first_at: the message's first row
-- column source: where it came from: internet, internal (an inside machine), client, mailbox, system, unknown
-- column receive_connector: the connector that took it in; null where no log names it
-- column to_port: the port it came in at
-- column server: the last server of ours that had it
-- column send_connector: the connector that handed it out; of the Transport service where a Front End proxied it out
-- column destination: mailbox, internet, inside host, or (no hand-over known) the status of the message
-- column is_failed: it was refused, put off or lost
-- column way_count: how many of the message's ends took it
-- grain: message_key, server, send_connector, destination, is_failed
-- kind: table
-- by: message
-- basis: as that of the hops
with entrance as (
    select message_key, min({number: hop_number, connector: receive_connector, port: to_port, server: to_server}) as entry
    from hop where parent_hop_key is null and kind in ('receive', 'submit') and basis <> 'reported' group by message_key
),
proxied as (
    select hop_key, send_connector, from_server from hop where kind = 'proxy' and to_port = 717
),
exit as (
    select h.message_key, coalesce(p.from_server, h.from_server) as server, coalesce(p.send_connector, h.send_connector) as send_connector,
        case when h.kind = 'deliver' then 'mailbox'
            when regexp_matches(coalesce(h.to_ip, ''), '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|::1|fe[89ab]|f[cd])') then 'inside host' else 'internet' end as destination,
        bool_or(h.outcome in ('accepted', 'duplicate', 'unknown')) as is_good
    from hop h left join proxied p on p.hop_key = h.parent_hop_key
    where h.kind in ('deliver', 'external') and h.basis <> 'reported'
    group by all
),
taken as (
    select m.message_key, m.first_at, m.origin_class as source, coalesce(e.entry.connector, m.entry_connector) as receive_connector,
        cast(e.entry.port as bigint) as to_port, coalesce(x.server, e.entry.server) as server, x.send_connector,
        coalesce(x.destination, m.status) as destination,
        case when x.message_key is null then m.status in ('failed', 'refused', 'deferred', 'dropped', 'quarantined') else not x.is_good end as is_failed
    from message m left join entrance e on e.message_key = m.message_key left join exit x on x.message_key = m.message_key
    where not m.is_noise and m.first_at is not null
)
select message_key, first_at, source, receive_connector, to_port, server, send_connector, destination, is_failed, count(*) as way_count
from taken group by message_key, first_at, source, receive_connector, to_port, server, send_connector, destination, is_failed
