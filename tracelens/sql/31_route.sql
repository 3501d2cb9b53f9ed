-- One way through the servers and how many messages took it in an hour: who handed in, where it came in, who handed it out, to whom.
-- column hour: of the message's first row
-- column source: where it came from: internet, internal (an inside machine), client, mailbox, system, unknown
-- column receive_connector: the connector that took it in; null where no log names it
-- column server: the last server of ours that had it
-- column send_connector: the connector that handed it out; of the Transport service where a Front End proxied it out
-- column destination: mailbox, internet, inside host, or (no hand-over known) the status of the message
-- column failed_count: messages of these that were refused, put off or lost
-- grain: hour, source, receive_connector, to_port, server, send_connector, destination
-- kind: table
-- basis: as that of the hops
select date_trunc('hour', first_at) as hour, source, receive_connector, to_port, server, send_connector, destination,
    cast(sum(way_count) as bigint) as message_count, cast(coalesce(sum(way_count) filter (is_failed), 0) as bigint) as failed_count
from way group by date_trunc('hour', first_at), source, receive_connector, to_port, server, send_connector, destination
