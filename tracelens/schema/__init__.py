"""Tables and columns as data: the one description that code, docs and `tracelens schema` share."""

from __future__ import annotations

from tracelens.schema.exports import (
    ACCEPTED_DOMAIN,
    CONNECTOR_PERMISSION,
    EXO_TRACE_EVENT,
    HEADER_HOP,
    QUEUE_STATE,
    RECEIVE_CONNECTOR,
    SEND_CONNECTOR,
    TRANSPORT_SERVER,
)
from tracelens.schema.ledger import (
    DUPLICATE,
    FINDING,
    INGEST,
    INVENTORY_SETTING,
    LOG_FILE,
    NAMED_REPLY,
    REJECT,
    REPLY_CLASS,
    RULE_RUN,
    SCHEMA_VERSION,
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
    "CONNECTOR_PERMISSION",
    "DUPLICATE",
    "EXO_TRACE_EVENT",
    "FINDING",
    "HEADER_HOP",
    "INGEST",
    "INVENTORY_SETTING",
    "LOG_FILE",
    "NAMED_REPLY",
    "QUEUE_STATE",
    "RECEIVE_CONNECTOR",
    "REJECT",
    "REPLY_CLASS",
    "RULE_RUN",
    "SCHEMA_VERSION",
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
        CONNECTOR_PERMISSION,
        SEND_CONNECTOR,
        ACCEPTED_DOMAIN,
        TRANSPORT_SERVER,
        QUEUE_STATE,
        HEADER_HOP,
        LOG_FILE,
        REJECT,
        DUPLICATE,
        SEGMENT,
        INGEST,
        INVENTORY_SETTING,
        REPLY_CLASS,
        NAMED_REPLY,
        FINDING,
        RULE_RUN,
    )
}
