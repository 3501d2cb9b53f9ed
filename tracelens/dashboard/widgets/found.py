"""Findings: the list, one of them, the log rows behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from tracelens import query
from tracelens.dashboard import data
from tracelens.dashboard.widgets.links import open_message
from tracelens.dashboard.widgets.states import markdown, nothing, short, utc_told
from tracelens.dashboard.widgets.tables import events, picked


def findings(frame: pl.DataFrame, key: str) -> dict[str, Any] | None:
    """Shows findings; gives the selected one."""
    labels = {
        "severity": "Severity",
        "class": "Class",
        "title": "Finding",
        "hit_count": "Hits",
        "server": "Server",
        "summary": "Summary",
        "remote_ip": "Remote address",
        "first_at": "First",
        "last_at": "Last",
    }
    opens = {"hit_count": lambda row: {"page": "finding", "finding": row["finding_key"]}}
    at = picked(frame, labels, key, opens=opens)
    return frame.row(at, named=True) if at is not None else None


def finding(row: Mapping[str, Any], rows: pl.DataFrame, key: str) -> None:
    """Shows one finding: what it says, what to do, and the log rows behind it."""
    with st.container(border=True):
        st.markdown(
            f"**{markdown(short(row['title']))}** · {markdown(row['severity'])} · rule {markdown(row['rule_id'])}"
        )
        st.text(short(row["summary"]))
        utc_told()
        if row["advice"]:
            st.markdown("What to do")
            st.text(short(row["advice"]))
        if row["message_key"] and st.button("Show the message's path", key=f"{key}_open"):
            open_message(row["message_key"])
        st.caption("Log rows behind it")
        events(rows, f"{key}_rows")


def findings_of(kind: str, window: Mapping[str, Any]) -> None:
    """Shows the findings of one class in a window, and the selected one with the log rows behind it."""
    st.subheader("Findings", anchor=False)
    found = data.ask("finding_within", kind=kind, severity="info", limit=500, **window)
    if found.is_empty():
        nothing(f"No {kind} findings in this window.", "Rules that lacked logs are listed on Today as not evaluated.")
        return
    row = findings(found, f"{kind}_findings")
    if row:
        finding(row, evidence(row), kind)


def evidence(row: Mapping[str, Any], limit: int = 200) -> pl.DataFrame:
    """Gives the log rows behind a finding, the first of them."""
    return data.ask("evidence", **query.behind(dict(row)), limit=limit).drop("hop")
