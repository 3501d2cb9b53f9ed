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
    for table in (SMTP_EVENT, TRACKING_EVENT, LOG_FILE, REJECT, SEGMENT, INGEST, REPLY_CLASS, FINDING, RULE_RUN)
}
