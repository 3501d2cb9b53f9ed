"""Tables of runs and files, and of what the rules found."""

from __future__ import annotations

from tracelens.schema.table import Table, columns

LOG_FILE = Table(
    "log_file",
    "file seen",
    "ledger",
    columns("""
file_id BIGINT | hash of the absolute path
path VARCHAR |
server VARCHAR | from the folder or --server; NULL where each row says it
service VARCHAR |
format VARCHAR | message_tracking, smtp_receive, smtp_send, or the foreign kind
state VARCHAR | ingested, partial, skipped, failed, pruned
reason VARCHAR | why it was skipped, or what was assumed
size_bytes BIGINT | bytes
line_count BIGINT | physical lines
header_count BIGINT | lines that begin with #
event_count BIGINT | lines that begin a row; reason says it where they hold more rows (one per recipient of a trace)
reject_count BIGINT |
blank_count BIGINT |
pending_count BIGINT | a last line still being written
continuation_count BIGINT | further lines of events with a line break inside quotes
first_at TIMESTAMP | UTC
last_at TIMESTAMP | UTC
modified_at TIMESTAMP | UTC
content_hash VARCHAR | BLAKE2b of the bytes read
head_hash VARCHAR | hashes of the first row with what stands above it and of the first 64, 128, 256 ... bytes
kept_in BIGINT | log_file that holds these rows, where this one is its copy or its beginning
repeated_count BIGINT | events that stand in another file too (log_id) and are left out of every table but the segments
pruned_before DATE | events before this day were dropped
pruned_count BIGINT | events dropped
ingest_id BIGINT |
"""),
)

REJECT = Table(
    "reject",
    "unreadable line",
    "ledger",
    columns("""
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
    columns("""
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
account VARCHAR | name without domain, lower case, where it is about one
message_key VARCHAR | message, where it is about one
hit_count BIGINT |
first_at TIMESTAMP | UTC
last_at TIMESTAMP | UTC
evidence STRUCT(file_id BIGINT, line_number BIGINT)[] | raw rows, the first 50
advice VARCHAR | what to rule out first, then what to do
"""),
)

INCIDENT = Table(
    "incident",
    "story that findings tell together: one address, account, connector or server at one time",
    "derived",
    columns("""
incident_key VARCHAR | the same as long as the same finding leads it
kind VARCHAR | compromise, outage, misconfiguration, probe, inventory
class VARCHAR | of the most telling finding
severity VARCHAR | of the worst finding
title VARCHAR | of the most telling finding
story VARCHAR | five lines: what, when, whom, what else, what to do
server VARCHAR |
connector_id VARCHAR |
remote_ip VARCHAR |
account VARCHAR |
first_at TIMESTAMP | UTC
last_at TIMESTAMP | UTC
finding_count BIGINT |
message_count BIGINT | messages that the evidence of its findings belongs to
"""),
)

INCIDENT_FINDING = Table(
    "incident_finding",
    "finding in its incident",
    "derived",
    columns("""
incident_key VARCHAR |
finding_key VARCHAR |
position BIGINT | 1 is the most telling
"""),
)

REPLY_CLASS = Table(
    "reply_class",
    "distinct failure text",
    "derived",
    columns("""
text VARCHAR | as logged
signature_id VARCHAR | NULL: no signature knows it
class VARCHAR |
severity VARCHAR |
meaning VARCHAR |
grade VARCHAR | V vendor, R reported, D ours, U unverified
inner_text VARCHAR | the innermost nested error, folded
"""),
)

REPLY_CLASS_BY_LOG = Table(
    "reply_class_by_log",
    "failure text that means something else in one log than `reply_class` says: a reply we gave, a reply we got",
    "derived",
    columns("""
text VARCHAR | as logged
log VARCHAR | smtp_receive, smtp_send, message_tracking ...
signature_id VARCHAR | NULL: no signature knows it there
"""),
)

NAMED_REPLY = Table(
    "named_reply",
    "reply that a signature knows: a row of `reply` with the name of the signature",
    "derived",
    columns("""
reply_key VARCHAR |
log VARCHAR |
server VARCHAR |
service VARCHAR |
direction VARCHAR |
connector_id VARCHAR |
session_id VARCHAR |
session_key VARCHAR |
remote_ip VARCHAR |
remote_port INTEGER |
local_port INTEGER |
peer_name VARCHAR |
text VARCHAR |
message_key VARCHAR |
moment TIMESTAMP | UTC
is_noise BOOLEAN |
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
signature_id VARCHAR | see reply_class
"""),
)

RULE_RUN = Table(
    "rule_run",
    "rule in the last build",
    "derived",
    columns("""
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
    columns("""
table_name VARCHAR |
path VARCHAR | relative to the store
file_id BIGINT | log_file
row_count BIGINT |
checksum VARCHAR | BLAKE2b of the segment's bytes
"""),
)

INGEST = Table(
    "ingest",
    "published generation",
    "ledger",
    columns("""
ingest_id BIGINT |
published_at TIMESTAMP | UTC
version VARCHAR | of tracelens, and a hash of models, signatures and rules
schema_version BIGINT | of the tables of events and the ledger
"""),
)

INVENTORY_SETTING = Table(
    "inventory_setting",
    "address or range to which `[[inventory]]` in tracelens.toml gives a role",
    "ledger",
    columns("""
network VARCHAR | address, a-b, a/n or a(mask)
role VARCHAR | server, loadbalancer, gateway, exo, relay-client, scanner, monitor
server VARCHAR | short upper-case host name, for the role server
site VARCHAR | site of a server, as the organisation calls it
"""),
)

DUPLICATE = Table(
    "duplicate",
    "tracking row that stands in another file too",
    "ledger",
    columns("""
file_id BIGINT | log_file
line_number BIGINT | physical line, from 1
kept_in BIGINT | log_file whose row is kept
kept_line_number BIGINT | its line there
"""),
)

SCHEMA_VERSION = 2
"""Grows whenever a column of an event or ledger table comes, goes or changes its meaning."""
