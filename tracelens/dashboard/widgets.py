"""Parts that several pages show. Every text from a log passes `plain` (or `markdown`) on its way to the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from tracelens import query
from tracelens.dashboard import data
from tracelens.delay import took
from tracelens.render import plain, safe
from tracelens.story import place

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@])")
TIME = "YYYY-MM-DD HH:mm:ss"
MOMENT = "YYYY-MM-DD HH:mm:ss.SSS"


def markdown(value: object) -> str:
    """Gives a text that Markdown shows literally."""
    return MARKDOWN.sub(r"\\\1", plain(value))


def head(title: str, caption: str) -> None:
    """Shows a page's title and what it is for."""
    st.title(title, anchor=False)
    st.caption(caption)


def columns(frame: pl.DataFrame, labels: Mapping[str, str]) -> dict[str, Any]:
    """Gives column settings by name: times to the second, counts and milliseconds as numbers, the rest as text."""
    found: dict[str, Any] = {}
    for name, label in labels.items():
        kind = frame.schema[name]
        if kind == pl.Datetime:
            found[name] = st.column_config.DatetimeColumn(
                label, format=MOMENT if name in ("date_time", "started_at") else TIME
            )
        elif kind.is_numeric():
            found[name] = st.column_config.NumberColumn(
                label, format="%d" if name in ("line", "remote_port") else "localized"
            )
        else:
            found[name] = st.column_config.TextColumn(label)
    return found


def table(frame: pl.DataFrame, labels: Mapping[str, str], key: str, **options: Any) -> Any:
    """Shows the labelled columns of a frame; gives the selection when `on_select` is among the options."""
    shown = safe(frame.select(list(labels)))
    return st.dataframe(
        shown,
        hide_index=True,
        column_config=columns(shown, labels),
        key=key,
        width="stretch",
        placeholder="",
        **options,
    )


def no_store(path: Path) -> None:
    """Says that there is no store and how to make one."""
    head("No store yet", "tracelens shows what an ingest has read.")
    st.info("There is no store at this place:")
    st.code(str(path.absolute()), language=None)
    st.markdown("Read your logs into it, then reload this page:")
    st.code(f'tracelens ingest PATH-OF-YOUR-LOGS --store "{path}"', language=None)
    st.markdown("Without logs at hand, try the made-up estate:")
    st.code("tracelens demo", language=None)


def nothing(what: str, hint: str) -> None:
    """Says that there is nothing to show, and why that may be."""
    st.info(f"**{what}** {hint}")


def empty_store() -> None:
    """Says that the store holds no rows."""
    nothing("The store holds no rows.", "The logs read so far are empty. Read the folder that holds the logs:")
    st.code("tracelens ingest PATH-OF-YOUR-LOGS", language=None)


def selected(state: Any) -> int | None:
    """Gives the selected row of a table, or None."""
    rows = state.selection.rows if state else []
    return rows[0] if rows else None


def events(frame: pl.DataFrame, key: str) -> None:
    """Shows log rows with their file and line."""
    named = frame.with_columns(pl.col("path").str.extract(r"([^/\\]+)$").alias("file"))
    labels = {
        "date_time": "Time (UTC)",
        "hop": "Hop",
        "server": "Server",
        "log": "Log",
        "file": "File",
        "line": "Line",
        "event": "Event",
        "text": "Row",
        "path": "Path",
    }
    if named.is_empty():
        nothing("No rows.", "The rows behind this are no longer in the store.")
        return
    table(named, {name: label for name, label in labels.items() if name in named.columns}, key)


def findings(frame: pl.DataFrame, key: str) -> dict[str, Any] | None:
    """Shows findings; gives the selected one."""
    labels = {
        "severity": "Severity",
        "class": "Class",
        "title": "Finding",
        "summary": "Summary",
        "server": "Server",
        "remote_ip": "Remote address",
        "hit_count": "Hits",
        "first_at": "First (UTC)",
        "last_at": "Last (UTC)",
    }
    state = table(frame, labels, key, on_select="rerun", selection_mode="single-row", height="auto")
    at = selected(state)
    return frame.row(at, named=True) if at is not None and at < frame.height else None


def finding(row: Mapping[str, Any], rows: pl.DataFrame, key: str) -> None:
    """Shows one finding: what it says, what to do, and the log rows behind it."""
    with st.container(border=True):
        st.markdown(f"**{markdown(row['title'])}** · {markdown(row['severity'])} · rule {markdown(row['rule_id'])}")
        st.text(plain(row["summary"]))
        if row["advice"]:
            st.markdown("What to do")
            st.text(plain(row["advice"]))
        if row["message_key"] and st.button("Show the message's path", key=f"{key}_open"):
            open_message(row["message_key"])
        st.caption("Log rows behind it")
        events(rows, f"{key}_rows")


def findings_of(kind: str) -> None:
    """Shows the findings of one class, and the selected one with the log rows behind it."""
    st.subheader("Findings", anchor=False)
    found = data.ask("finding", kind=kind, rule="", severity="info", limit=500)
    if found.is_empty():
        nothing(f"No {kind} findings.", "Rules that lacked logs are listed on the overview as not evaluated.")
        return
    row = findings(found, f"{kind}_findings")
    if row:
        finding(row, evidence(row), kind)


def evidence(row: Mapping[str, Any]) -> pl.DataFrame:
    """Gives the log rows behind a finding."""
    return data.ask("evidence", **query.behind(dict(row)), limit=200).drop("hop")


def total_or_stop(noise: bool) -> dict[str, Any]:
    """Gives what the store holds, in one row; says so and ends the page when it holds nothing."""
    total = data.one("total", noise=noise) or {}
    if not total.get("first_at"):
        empty_store()
        st.stop()
    return total


def open_message(message_key: str) -> None:
    """Goes to the page of one message."""
    st.switch_page(st.session_state["pages"]["messages"], query_params={"message": message_key})


def choose(key: str, keys: list[str]) -> None:
    """Puts the message of the row just selected in a table into the address."""
    at = selected(st.session_state.get(key))
    if at is not None and at < len(keys):
        st.query_params["message"] = keys[at]
    elif "message" in st.query_params:
        del st.query_params["message"]


def messages(frame: pl.DataFrame, key: str) -> None:
    """Shows messages; a selected row opens its path."""
    labels = {
        "first_at": "First seen (UTC)",
        "status": "Status",
        "sender_address": "Sender",
        "message_subject": "Subject",
        "recipient_count": "Recipients",
        "hop_count": "Hops",
        "total_ms": "Total ms",
        "message_id": "Message-ID",
    }
    keys = frame["message_key"].to_list()
    height = min(38 + 35 * frame.height, 388)
    table(frame, labels, key, on_select=partial(choose, key, keys), selection_mode="single-row", height=height)


def message(row: Mapping[str, Any]) -> None:
    """Shows what is known of a message as a whole."""
    st.subheader("Message", anchor=False)
    st.text(plain(row["message_subject"]) or "(no subject in the logs)")
    st.code(plain(row["message_id"]) or plain(row["network_message_id"]), language=None)
    total = row["total_ms"]
    facts = {
        "Status": row["status"],
        "Sender": row["sender_address"] or "unknown",
        "Recipients": f"{row['recipient_count']:,}",
        "First seen (UTC)": f"{row['first_at']:%Y-%m-%d %H:%M:%S}" if row["first_at"] else "unknown",
        "Total": "unknown" if total is None else f"{total / 1000:,.3f} s",
        "Size": "unknown" if row["message_bytes"] is None else f"{row['message_bytes'] / 1024:,.1f} KB",
        "Origin": f"{row['origin_class']} {row['origin_ip'] or ''}".strip(),
    }
    for column, (label, value) in zip(st.columns([1, 2, 1, 1.5, 1, 1, 1.6]), facts.items(), strict=True):
        column.caption(label)
        column.text(plain(value))


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
        "started_at": "Start (UTC)",
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
    at = selected(table(shown, labels, key, on_select="rerun", selection_mode="single-row", height="content"))
    return int(frame["hop_number"][at]) if at is not None and at < frame.height else None


def legs(frame: pl.DataFrame, key: str) -> None:
    """Shows how the message ended for each recipient."""
    labels = {
        "recipient_address": "Recipient",
        "status": "Status",
        "final_at": "At (UTC)",
        "total_ms": "Total ms",
        "reason_code": "Code",
        "reason_text": "Reason",
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
        "hour": "Hour (UTC)",
        "reason": "Why",
    }
    table(frame, labels, key)
