"""SMTP conversations: the list, and one of them with its silences, its mail and the other side."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count
from tracelens.dashboard import data, zone
from tracelens.dashboard.widgets.links import link, open_message, open_session
from tracelens.dashboard.widgets.states import nothing, short
from tracelens.dashboard.widgets.tables import picked, table
from tracelens.delay import duration
from tracelens.render import plain

OUTCOMES = ["mail accepted", "recipients refused", "could not connect", "TLS failed", "cut off", "nothing sent"]
SERVICES = ["frontend", "hub", "delivery", "submission", "edge", "unknown"]
LOGONS = ["signed in", "failed", "server", "none"]
EVENTS = {"+": "connect", "-": "disconnect", ">": "sent", "<": "received", "*": "note"}
ABOUT = {
    "TLS": r"(?i)^(starttls|x-anonymoustls|220 2\.0\.0|tls |cn=)|certificate|tls (protocol|negotiation)",
    "logon": r"(?i)^(auth |x-exps|334|235 |535 )|inbound auth|outbound auth|authenticat",
}
SILENCE_MS = 5_000
MOST_ROWS = 2_000


def sessions(frame: pl.DataFrame, key: str) -> None:
    """Shows conversations; a selected row opens the conversation."""
    labels = {
        "opened_at": "Opened",
        "server": "Server",
        "service": "Service",
        "direction": "Direction",
        "connector_id": "Connector",
        "remote_ip": "Other side",
        "helo_name": "HELO",
        "tls_version": "TLS",
        "logon": "Logon",
        "accepted_count": "Accepted",
        "refused_count": "Refused",
        "last_reply": "Last reply",
        "open_ms": "Open ms",
        "longest_silence_ms": "Longest silence ms",
        "auth_failure_count": "Failed logons",
        "event_count": "Rows",
        "session_id": "Session-id",
    }
    height = min(34 + 31 * frame.height, 600)
    at = picked(frame, labels, key, height)
    if at is not None:
        open_session(frame["session_key"][at])


def conversation(key: str) -> None:
    """Shows one conversation: facts, mail, the other side, and every row with the silence before it."""
    session = data.one("session", key=key, limit=1)
    if session is None:
        nothing("No such session.", "The store holds none of that key.")
        st.code(short(key), language=None)
        return
    rows = data.ask("conversation", key=session["session_key"])
    _facts(session)
    _mail(session["session_key"])
    _other_sides(session["session_key"])
    st.subheader("Conversation", anchor=False)
    silences = rows.filter(pl.col("silence_ms") >= SILENCE_MS).height
    silent = f"{count(silences, 'silence') if silences else 'no silences'} of {SILENCE_MS // 1000} s or more"
    st.caption(f"{count(rows.height, 'row')}; {silent}. Sent and received are as this server saw it.")
    if rows.height > MOST_ROWS:
        st.caption(f"Showing the first {MOST_ROWS:,} of {rows.height:,} rows.")
    shown = rows.head(MOST_ROWS).with_columns(
        pl.Series("silence", [_silence(ms) for ms in rows["silence_ms"].head(MOST_ROWS)], dtype=pl.String),
        pl.concat_str(pl.col("data"), pl.col("context"), separator=" | ", ignore_nulls=True)
        .str.strip_chars(" |")
        .alias("text"),
        pl.col("event").replace(EVENTS),
        pl.col("path").str.extract(r"([^/\\]+)$").alias("file"),
    )
    shown = shown.with_columns(_about())
    labels = {
        "date_time": "Time",
        "silence": "Silence before",
        "event": "What",
        "about": "About",
        "text": "Row",
        "file": "File",
        "line": "Line",
    }
    table(shown, labels, "conversation", height=min(34 + 31 * shown.height, 900))


def _about() -> pl.Expr:
    """Marks the rows about encryption and about logon."""
    about = pl.lit("")
    for name, words in reversed(ABOUT.items()):
        about = pl.when(pl.col("text").str.contains(words)).then(pl.lit(name)).otherwise(about)
    return about.alias("about")


def _silence(ms: int | None) -> str:
    return duration(ms) if ms is not None and ms >= SILENCE_MS else ""


def _facts(session: dict[str, Any]) -> None:
    logon = " ".join(part for part in (session["auth_user"], session["auth_mechanism"]) if part) or "none"
    if session["auth_failure_count"]:
        logon += f", {session['auth_failure_count']:,} failed"
    facts = {
        "Server": f"{session['server'] or '?'} {session['service']}, {session['direction']}",
        "Connector": session["connector_id"] or "not named",
        "Other side": f"{session['remote_ip'] or '?'}:{session['remote_port'] or '?'}",
        f"Opened ({zone.chosen()})": zone.stamp(session["opened_at"]),
        "HELO": session["helo_name"] or "none",
        "TLS": " ".join(part for part in (session["tls_version"], session["tls_cipher"]) if part) or "none",
        "Logon": logon,
        "Ended": session["close_reason"] or ("complete" if session["is_complete"] else "no end in the logs"),
    }
    st.code(plain(session["session_id"]), language=None)
    items = list(facts.items())
    for start in range(0, len(items), 4):
        for place, (label, value) in zip(st.columns(4), items[start : start + 4], strict=True):
            place.caption(label)
            place.text(short(value))
    if session["last_reply"]:
        st.caption("Last reply")
        st.text(short(session["last_reply"]))


def _mail(key: str) -> None:
    found = data.ask("session_message", key=key)
    st.subheader("Mail", anchor=False)
    if found.is_empty():
        nothing("No mail.", "Nobody named a sender in this session.")
        return
    labels = {
        "ended_at": "Ended",
        "mail_from": "Sender",
        "accepted_count": "Recipients taken",
        "refused_count": "Refused",
        "reply_text": "Reply",
        "message_bytes": "Bytes",
        "message_id": "Message-ID",
    }
    st.caption("A selected row opens the message's path.")
    height = min(34 + 31 * found.height, 300)
    at = picked(found, labels, "mail", height)
    if at is not None:
        message = found["message_key"][at]
        if message:
            open_message(message)
        st.caption("The logs do not tell which message that was.")


def _other_sides(key: str) -> None:
    found = data.ask("session_pair", key=key)
    st.subheader("Other side", anchor=False)
    if found.is_empty():
        st.caption("No log of the store holds the other side, or nothing was handed on.")
        return
    for row in found.to_dicts():
        connector = row["connector_id"] or "connector not named"
        text = f"{row['server'] or '?'} {row['service']}, {row['direction']}, {connector}"
        how = f"{zone.stamp(row['opened_at'])} {zone.chosen()} · {row['basis']} ({row['join_name']})"
        link(f"{text} · {how}", "session", session=row["session_key"])
