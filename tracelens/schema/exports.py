"""Tables of what people export beside the logs: cloud traces, configuration, queues, headers."""

from __future__ import annotations

from tracelens.schema.table import Table, columns

EXO_TRACE_EVENT = Table(
    "exo_trace_event",
    "row of an Exchange Online message trace",
    "event",
    columns("""
server VARCHAR | NULL, or as the caller says
date_time TIMESTAMP | UTC: Received, origin_timestamp_utc, date_time_utc, or the event's date
kind VARCHAR | summary, detail, enhanced, extended, reporting, validation
organization VARCHAR |
message_id VARCHAR |
network_message_id VARCHAR | MessageTraceId
sender_address VARCHAR |
recipient_address VARCHAR |
subject VARCHAR |
status VARCHAR | Delivered, Failed, Expanded, Pending, Quarantined ... as written
event VARCHAR | Receive, Submit, Send external, Fail ... for detail rows
detail VARCHAR | reason or detail text
from_ip VARCHAR |
to_ip VARCHAR |
message_bytes BIGINT | bytes
connector_id VARCHAR |
directionality VARCHAR |
source_context VARCHAR |
extra VARCHAR | JSON of further columns
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

RECEIVE_CONNECTOR = Table(
    "receive_connector",
    "Receive connector of an imported configuration",
    "event",
    columns("""
server VARCHAR | short upper-case host name
identity VARCHAR | SERVER\\Name, as connector_id in the logs
name VARCHAR |
enabled BOOLEAN |
transport_role VARCHAR | FrontendTransport, HubTransport
bindings VARCHAR[] | address:port
remote_ip_ranges VARCHAR[] | address, a-b or a/n
auth_mechanism VARCHAR[] |
permission_groups VARCHAR[] |
protocol_logging_level VARCHAR | None, Verbose
fqdn VARCHAR |
banner VARCHAR |
require_tls BOOLEAN |
tls_certificate_name VARCHAR |
tls_domain_capabilities VARCHAR |
suppress_x_anonymous_tls BOOLEAN |
max_message_bytes BIGINT | bytes
tarpit_interval VARCHAR |
max_acknowledgement_delay VARCHAR |
is_incomplete BOOLEAN | a list was cut by the export
extra VARCHAR | JSON of all other properties
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

CONNECTOR_PERMISSION = Table(
    "connector_permission",
    "right on a connector of an imported configuration (Get-ADPermission)",
    "event",
    columns("""
server VARCHAR | short upper-case host name
identity VARCHAR | SERVER\\Name
connector VARCHAR | the name without the server
account VARCHAR | User: who has the right
extended_rights VARCHAR[] | ms-Exch-SMTP-Accept-Any-Recipient ...
is_denied BOOLEAN | the right is taken away
is_inherited BOOLEAN |
extra VARCHAR | JSON of all other properties
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

SEND_CONNECTOR = Table(
    "send_connector",
    "Send connector of an imported configuration",
    "event",
    columns("""
server VARCHAR | NULL: a Send connector belongs to the organisation
identity VARCHAR |
name VARCHAR | as connector_id in the logs
enabled BOOLEAN |
address_spaces VARCHAR[] | SMTP:domain;cost
smart_hosts VARCHAR[] |
dns_routing_enabled BOOLEAN |
source_transport_servers VARCHAR[] |
port BIGINT |
frontend_proxy_enabled BOOLEAN |
cloud_services_mail_enabled BOOLEAN |
require_tls BOOLEAN |
tls_auth_level VARCHAR |
tls_domain VARCHAR |
tls_certificate_name VARCHAR |
protocol_logging_level VARCHAR |
fqdn VARCHAR |
max_message_bytes BIGINT | bytes
is_incomplete BOOLEAN | a list was cut by the export
extra VARCHAR | JSON of all other properties
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

ACCEPTED_DOMAIN = Table(
    "accepted_domain",
    "accepted domain of an imported configuration",
    "event",
    columns("""
server VARCHAR | NULL: belongs to the organisation
name VARCHAR |
domain_name VARCHAR | lower case; * for all
domain_type VARCHAR | Authoritative, InternalRelay, ExternalRelay
is_default BOOLEAN |
extra VARCHAR | JSON of all other properties
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

TRANSPORT_SERVER = Table(
    "transport_server",
    "server of an imported configuration (Get-TransportService)",
    "event",
    columns("""
server VARCHAR | short upper-case host name
name VARCHAR |
message_tracking_log_enabled BOOLEAN |
message_tracking_log_max_age VARCHAR |
connectivity_log_enabled BOOLEAN |
receive_protocol_log_max_age VARCHAR |
send_protocol_log_max_age VARCHAR |
intra_org_connector_protocol_logging_level VARCHAR |
internal_dns_servers VARCHAR[] |
external_dns_servers VARCHAR[] |
extra VARCHAR | JSON of all other properties
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

QUEUE_STATE = Table(
    "queue_state",
    "queue of a Get-Queue listing",
    "event",
    columns("""
server VARCHAR | short upper-case host name
date_time TIMESTAMP | last retry, as far as its zone is known
identity VARCHAR | SERVER\\number
delivery_type VARCHAR |
status VARCHAR | Ready, Active, Retry, Suspended
message_count BIGINT |
next_hop_domain VARCHAR |
next_hop_connector VARCHAR |
next_hop_category VARCHAR |
last_error VARCHAR | as written, nested errors and all
retry_count BIGINT |
extra VARCHAR | JSON of all other properties
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

HEADER_HOP = Table(
    "header_hop",
    "hand-over that a message's header or a non-delivery report tells",
    "event",
    columns("""
server VARCHAR | short upper-case name of the host that wrote the header
date_time TIMESTAMP | UTC
kind VARCHAR | received, latency, diagnostic
hop_number BIGINT | 1 is the first hand-over
from_host VARCHAR |
from_ip VARCHAR |
by_host VARCHAR |
by_ip VARCHAR |
protocol VARCHAR | SMTP, ESMTPS, mapi ...
via VARCHAR | Frontend Transport, Mailbox Transport
version VARCHAR | build
tls_version VARCHAR |
tls_cipher VARCHAR |
message_id VARCHAR | of the message the header belongs to
sender_address VARCHAR |
recipient_address VARCHAR |
status_code VARCHAR | x.y.z of a diagnostic line
text VARCHAR | the whole line, unfolded
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)
