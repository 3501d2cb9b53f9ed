"""Messages and their parts: the list, the facts, hops, legs, gaps."""

from __future__ import annotations

import polars as pl
import streamlit as st

from tracelens.dashboard.widgets.links import open_message
from tracelens.dashboard.widgets.states import nothing
from tracelens.dashboard.widgets.tables import picked, table
from tracelens.delay import took
from tracelens.story import place


def messages(frame: pl.DataFrame, key: str) -> None:
    """Shows messages; a selected row opens the page of its path."""
    labels = {
        "first_at": "First seen",
        "status": "Status",
        "sender_address": "Sender",
        "recipients": "Recipient",
        "message_subject": "Subject",
        "reason": "Reason",
        "reply": "Reply of the other side",
        "total_ms": "Total ms",
        "message_bytes": "Bytes",
        "origin_class": "From",
        "connector": "Connector",
        "last_server": "Last server",
        "message_id": "Message-ID",
    }
    height = min(34 + 31 * frame.height, 600)
    at = picked(frame, labels, key, height)
    if at is not None:
        open_message(frame["message_key"][at])


def hops(frame: pl.DataFrame, key: str) -> int | None:
    """Shows the hops of a message; gives the number of the selected one."""
    shown = frame.with_columns(
        pl.Series("from", [place(row, "from") for row in frame.to_dicts()], dtype=pl.String),
        pl.Series("to", [place(row, "to") for row in frame.to_dicts()], dtype=pl.String),
        pl.Series("took", [took(row) for row in frame.to_dicts()], dtype=pl.String),
    )
    labels = {
        "hop_number": "Hop",
        "kind": "Kind",
        "from": "From",
        "to": "To",
        "outcome": "Outcome",
        "started_at": "Start",
        "took": "Took",
        "wait_ms": "Wait ms",
        "tls_version": "TLS",
        "send_connector": "Send connector",
        "receive_connector": "Receive connector",
        "auth_user": "User",
        "basis": "Basis",
        "reply_text": "Reply",
    }
    st.caption("Select a hop to see its log rows only.")
    at = picked(shown, labels, key, "content")
    return int(frame["hop_number"][at]) if at is not None else None


def legs(frame: pl.DataFrame, key: str) -> None:
    """Shows how the message ended for each recipient."""
    labels = {
        "recipient_address": "Recipient",
        "status": "Status",
        "basis": "Basis",
        "final_at": "At",
        "total_ms": "Total ms",
        "reason_code": "Code",
        "reason_text": "Reason",
        "deferral_count": "Deferrals",
        "deferral_text": "Deferred because",
    }
    if frame.is_empty():
        nothing("No recipient is known.", "")
        return
    table(frame, labels, key)


def gaps(frame: pl.DataFrame, key: str) -> None:
    """Shows where a row must exist but no log of the store holds it."""
    st.caption(
        "Here a row must exist, but no log of the store holds it. Missing protocol logs are normal and no fault."
    )
    labels = {
        "after_hop": "At hop",
        "server": "Server",
        "service": "Service",
        "log": "Log",
        "hour": "Hour",
        "reason": "Why",
    }
    table(frame, labels, key)
