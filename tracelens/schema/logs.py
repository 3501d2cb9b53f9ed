"""Tables of transport logs, and the fields of their versions."""

from __future__ import annotations

from tracelens.schema.table import Table, columns

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
    columns("""
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
    columns("""
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
    columns("""
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
    columns("""
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
