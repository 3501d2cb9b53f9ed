"""Tables and columns as data: the one description that code, docs and `tracelens schema` share."""

from __future__ import annotations

from tracelens.schema.exports import (
    ACCEPTED_DOMAIN,
    EXO_TRACE_EVENT,
    HEADER_HOP,
    QUEUE_STATE,
    RECEIVE_CONNECTOR,
    SEND_CONNECTOR,
    TRANSPORT_SERVER,
)
from tracelens.schema.ledger import (
    FINDING,
    INCIDENT,
    INCIDENT_FINDING,
    INGEST,
    LOG_FILE,
    NAMED_REPLY,
    REJECT,
    REPLY_CLASS,
    REPLY_CLASS_BY_LOG,
    RULE_RUN,
    SEGMENT,
)
from tracelens.schema.logs import (
    AGENT_EVENT,
    CONNECTIVITY_EVENT,
    SMTP_EVENT,
    SMTP_FIELDS,
    TRACKING_2007,
    TRACKING_2010,
    TRACKING_2013,
    TRACKING_2016,
    TRACKING_EVENT,
)
from tracelens.schema.table import Column, Table

__all__ = [
    "ACCEPTED_DOMAIN",
    "AGENT_EVENT",
    "CONNECTIVITY_EVENT",
    "EXO_TRACE_EVENT",
    "FINDING",
    "HEADER_HOP",
    "INCIDENT",
    "INCIDENT_FINDING",
    "INGEST",
    "LOG_FILE",
    "NAMED_REPLY",
    "QUEUE_STATE",
    "RECEIVE_CONNECTOR",
    "REJECT",
    "REPLY_CLASS",
    "REPLY_CLASS_BY_LOG",
    "RULE_RUN",
    "SEGMENT",
    "SEND_CONNECTOR",
    "SMTP_EVENT",
    "SMTP_FIELDS",
    "TABLES",
    "TRACKING_2007",
    "TRACKING_2010",
    "TRACKING_2013",
    "TRACKING_2016",
    "TRACKING_EVENT",
    "TRANSPORT_SERVER",
    "Column",
    "Table",
]

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
        REPLY_CLASS_BY_LOG,
        NAMED_REPLY,
        FINDING,
        INCIDENT,
        INCIDENT_FINDING,
        RULE_RUN,
    )
}
