"""Tables and columns as data: the one description that code, docs and `tracelens schema` share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: name, DuckDB type, meaning."""

    name: str
    type: str
    doc: str = ""


@dataclass(frozen=True)
class Table:
    """One table: name, what a row is, columns, and whether events, ledger or models fill it."""

    name: str
    doc: str
    kind: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


def _columns(text: str) -> tuple[Column, ...]:
    """Reads `name type | meaning` lines."""
    found = []
    for line in text.strip().splitlines():
        head, _, doc = line.partition("|")
        name, _, kind = head.strip().partition(" ")
        found.append(Column(name, kind.strip(), doc.strip()))
    return tuple(found)


SMTP_FIELDS = (
    "date-time",
    "connector-id",
    "session-id",
    "sequence-number",
    "local-endpoint",
    "remote-endpoint",
    "event",
    "data",
    "context",
)
"""Fields of the SMTP protocol log, 2007 to 2019 alike. Source: formats.md 1.6."""

TRACKING_2007 = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
    "internal-message-id,message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info"
).split(",")
"""The 21 fields of Exchange 2007. Source: formats.md 1.5."""

TRACKING_2010 = [
    *TRACKING_2007,
    "directionality",
    "tenant-id",
    "original-client-ip",
    "original-server-ip",
    "custom-data",
]
TRACKING_2013 = [*TRACKING_2010[:11], "network-message-id", *TRACKING_2010[11:]]
TRACKING_2016 = [*TRACKING_2013, "transport-traffic-type", "log-id", "schema-version"]

SMTP_EVENT = Table(
    "smtp_event",
    "protocol log row",
    "event",
    _columns("""
server VARCHAR | short upper-case host name of the server that wrote the log
service VARCHAR | frontend, hub, delivery, submission, edge, unknown
direction VARCHAR | receive or send
date_time TIMESTAMP | UTC
connector_id VARCHAR | as logged
session_id VARCHAR | 16 hex digits as logged, unique per server, service, direction and process run only
sequence_number BIGINT | as logged; repeats and skips occur
local_endpoint VARCHAR | as logged
remote_endpoint VARCHAR | as logged
local_ip VARCHAR | address part of local_endpoint
local_port INTEGER | port part of local_endpoint
remote_ip VARCHAR | address part of remote_endpoint
remote_port INTEGER | port part of remote_endpoint
event VARCHAR | + connect, - disconnect, > sent by this server, < received by it, * information
data VARCHAR | command, reply, or value of an information row
context VARCHAR | text of an information row, reason of a disconnect
extra VARCHAR | JSON of columns this version does not know
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

TRACKING_EVENT = Table(
    "tracking_event",
    "tracking row",
    "event",
    _columns("""
server VARCHAR | short upper-case host name of the server that wrote the log
date_time TIMESTAMP | UTC
client_ip VARCHAR |
client_hostname VARCHAR |
server_ip VARCHAR |
server_hostname VARCHAR |
source_context VARCHAR |
connector_id VARCHAR |
source VARCHAR |
event_id VARCHAR |
internal_message_id BIGINT | id in one server's queue database
message_id VARCHAR | as logged, mostly in angle brackets
network_message_id VARCHAR | lower case, with dashes; 2013 and later
recipient_address VARCHAR[] |
recipient_status VARCHAR[] | one per recipient; the whole text for each where it cannot be split
total_bytes BIGINT | bytes
recipient_count BIGINT |
related_recipient_address VARCHAR |
reference VARCHAR |
message_subject VARCHAR |
sender_address VARCHAR |
return_path VARCHAR |
message_info VARCHAR |
directionality VARCHAR |
tenant_id VARCHAR |
original_client_ip VARCHAR | the client behind the Front End
original_server_ip VARCHAR |
custom_data VARCHAR |
transport_traffic_type VARCHAR |
log_id VARCHAR |
schema_version VARCHAR |
extra VARCHAR | JSON of columns this version does not know
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

CONNECTIVITY_EVENT = Table(
    "connectivity_event",
    "row of a connectivity log",
    "event",
    _columns("""
server VARCHAR | short upper-case host name of the server that wrote the log
date_time TIMESTAMP | UTC
session VARCHAR | id of the connection to one destination
source VARCHAR | SMTP, MapiDelivery, MapiSubmission ...
destination VARCHAR | host, domain, database, or internalproxy, client proxy, shadowredundancy ...
direction VARCHAR | + connect, > send, - disconnect
description VARCHAR | queue and DNS facts, failures, at the end message and byte counts
extra VARCHAR | JSON of columns this version does not know
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

AGENT_EVENT = Table(
    "agent_event",
    "row of an agent log",
    "event",
    _columns("""
server VARCHAR | short upper-case host name of the server that wrote the log
date_time TIMESTAMP | UTC (vendor: Timestamp)
session_id VARCHAR | SMTP session
local_endpoint VARCHAR |
remote_endpoint VARCHAR |
entered_org_from_ip VARCHAR |
message_id VARCHAR |
p1_from_address VARCHAR | envelope sender
p2_from_addresses VARCHAR | header senders
recipient VARCHAR |
num_recipients BIGINT |
agent VARCHAR |
event VARCHAR | where in the conversation the agent acted
action VARCHAR | RejectMessage, AcceptMessage, ModifyHeaders ...
smtp_response VARCHAR |
reason VARCHAR |
reason_data VARCHAR |
diagnostics VARCHAR |
network_msg_id VARCHAR |
tenant_id VARCHAR |
directionality VARCHAR |
extra VARCHAR | JSON of columns this version does not know
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
"""),
)

EXO_TRACE_EVENT = Table(
    "exo_trace_event",
    "row of an Exchange Online message trace",
    "event",
    _columns("""
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
    _columns("""
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

SEND_CONNECTOR = Table(
    "send_connector",
    "Send connector of an imported configuration",
    "event",
    _columns("""
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
    _columns("""
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
    _columns("""
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
    _columns("""
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
    _columns("""
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

LOG_FILE = Table(
    "log_file",
    "file seen",
    "ledger",
    _columns("""
file_id BIGINT | hash of the absolute path
path VARCHAR |
server VARCHAR | from the folder or --server; NULL where each row says it
service VARCHAR |
format VARCHAR | message_tracking, smtp_receive, smtp_send, or the foreign kind
state VARCHAR | ingested, partial, skipped, failed
reason VARCHAR | why it was skipped, or what was assumed
size_bytes BIGINT | bytes
line_count BIGINT | physical lines
header_count BIGINT | lines that begin with #
event_count BIGINT |
reject_count BIGINT |
blank_count BIGINT |
pending_count BIGINT | a last line still being written
continuation_count BIGINT | further lines of events with a line break inside quotes
first_at TIMESTAMP | UTC
last_at TIMESTAMP | UTC
modified_at TIMESTAMP | UTC
content_hash VARCHAR | BLAKE2b of the bytes read
ingest_id BIGINT |
"""),
)

REJECT = Table(
    "reject",
    "unreadable line",
    "ledger",
    _columns("""
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
reason VARCHAR |
text VARCHAR | the line, up to 4,000 characters
"""),
)

FINDING = Table(
    "finding",
    "answer of a rule",
    "derived",
    _columns("""
finding_key VARCHAR | the same for the same rule and subject in every build
rule_id VARCHAR |
class VARCHAR | relay, proxy, hybrid, config, policy, ...
severity VARCHAR | info, low, medium, high, critical
title VARCHAR |
summary VARCHAR |
subject_kind VARCHAR | what the rule finds: client, server pair, connector, message ...
subject VARCHAR |
server VARCHAR |
connector_id VARCHAR |
remote_ip VARCHAR |
message_key VARCHAR | message, where it is about one
hit_count BIGINT |
first_at TIMESTAMP | UTC
last_at TIMESTAMP | UTC
evidence STRUCT(file_id BIGINT, line_number BIGINT)[] | raw rows, the first 50
advice VARCHAR | what to rule out first, then what to do
"""),
)

REPLY_CLASS = Table(
    "reply_class",
    "distinct failure text",
    "derived",
    _columns("""
text VARCHAR | as logged
signature_id VARCHAR | NULL: no signature knows it
class VARCHAR |
severity VARCHAR |
meaning VARCHAR |
inner_text VARCHAR | the innermost nested error, folded
"""),
)

RULE_RUN = Table(
    "rule_run",
    "rule in the last build",
    "derived",
    _columns("""
rule_id VARCHAR |
class VARCHAR |
severity VARCHAR | before escalation
title VARCHAR |
state VARCHAR | evaluated, not evaluated
missing VARCHAR[] | logs that would be needed: log/service, accepted_domains
finding_count BIGINT | NULL when not evaluated
"""),
)

SEGMENT = Table(
    "segment",
    "Parquet file of events",
    "ledger",
    _columns("""
table_name VARCHAR |
path VARCHAR | relative to the store
file_id BIGINT | log_file
row_count BIGINT |
"""),
)

INGEST = Table(
    "ingest",
    "published generation",
    "ledger",
    _columns("""
ingest_id BIGINT |
published_at TIMESTAMP | UTC
version VARCHAR | of tracelens
"""),
)

TABLES = {
    table.name: table
    for table in (
        SMTP_EVENT,
        TRACKING_EVENT,
        CONNECTIVITY_EVENT,
        AGENT_EVENT,
        EXO_TRACE_EVENT,
        RECEIVE_CONNECTOR,
        SEND_CONNECTOR,
        ACCEPTED_DOMAIN,
        TRANSPORT_SERVER,
        QUEUE_STATE,
        HEADER_HOP,
        LOG_FILE,
        REJECT,
        SEGMENT,
        INGEST,
        REPLY_CLASS,
        FINDING,
        RULE_RUN,
    )
}
