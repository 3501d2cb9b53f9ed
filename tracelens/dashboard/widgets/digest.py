"""The digest on the first page: a window of time, sentences, what changed against the window before, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import polars as pl
import streamlit as st

from tracelens.dashboard import data, zone
from tracelens.dashboard.counted import behind
from tracelens.dashboard.widgets.filters import choice
from tracelens.dashboard.widgets.found import evidence, finding, findings
from tracelens.dashboard.widgets.links import link
from tracelens.dashboard.widgets.states import empty_store, markdown, nothing, short, utc_told
from tracelens.dashboard.widgets.tables import picked

WINDOWS = {"24 hours": 1, "7 days": 7, "30 days": 30, "90 days": 90}
UNTIMED = ("today", "sql", "ingest")
MINUTE = "%Y-%m-%d %H:%M"
SEVERITIES = ["critical", "high", "medium", "low", "info"]


@dataclass(frozen=True)
class Span:
    """A window of time in UTC.

    Attributes:
        since: Its begin.
        until: Its end.
        before: Begin of the window before it, of the same length.
        reach: Since when the store has rows.
    """

    since: datetime
    until: datetime
    before: datetime
    reach: datetime


def window() -> Span:
    """Lets the reader choose how much of the store's end is looked at; a day when nothing is chosen."""
    name = choice("Window", "window", list(WINDOWS), placeholder="last 24 hours")
    row = data.one("extent") or {}
    until, reach = row["until"], row["first_at"]
    length = timedelta(days=WINDOWS.get(name, 1))
    return Span(until - length, until, until - 2 * length, reach)


def within(span: Span) -> None:
    """Says which part of the store a window is: its end is that of the logs, not now."""
    st.caption(f"{zone.stamp(span.since, MINUTE)} – {_minute(span.until)}: the last of what the store holds.")


def _is_held(since: datetime, until: datetime) -> bool:
    hours = data.ask("coverage", bucket="hour").filter(pl.col("event_count") > 0)["hour"]
    return hours.filter((hours >= since) & (hours < until)).len() > 0


def _minute(moment: datetime) -> str:
    return f"{zone.stamp(moment, MINUTE)} {zone.chosen()}"


def told(text: str, page: str, filters: str, span: Span) -> None:
    """Shows a text that opens a page with filters, as in an address, and the window."""
    times = {"since": span.since, "until": span.until} if page not in UNTIMED else {}
    link(text, page, **dict(parse_qsl(filters)), **times)


def changes(span: Span) -> None:
    """Shows counts of the window beside those of the window before."""
    st.subheader("What changed", anchor=False)
    is_held = _is_held(span.before, span.since)
    if not is_held:
        st.caption(
            f"Counts since {_minute(max(span.reach, span.since))}. The store has no rows of the window before, "
            "so there is nothing to compare with."
        )
    elif span.reach > span.before:
        st.caption(f"Against the window before, of which the store holds only the part since {_minute(span.reach)}.")
    else:
        st.caption(f"Against the window before, from {_minute(span.before)}.")
    rows = data.ask("today_change", since=span.since, until=span.until, before=span.before).to_dicts()
    for start in range(0, len(rows), 4):
        for place, row in zip(st.columns(4), rows[start : start + 4], strict=False):
            name = row["measure"].lower().replace(" ", "_")
            with place.container(border=True, gap=None, key=f"tile_{name}"):
                st.caption(row["measure"])
                told(f"{row['now']:,}", row["page"], row["filters"], span)
                if is_held:
                    difference = row["now"] - row["before"]
                    is_bad = difference > 0 and row["is_worse"]
                    text = f"{difference:+,}" if difference else "as before"
                    with st.container(horizontal=True, gap="small", key=f"before_{name}"):
                        st.markdown(f":{'red' if is_bad else 'gray'}[{markdown(text)}]", width="content")
                        earlier = replace(span, since=span.before, until=span.since)
                        told(f"before: {row['before']:,}", row["page"], row["filters"], earlier)


def troubles(span: Span) -> None:
    """Shows the incidents of the window and the findings, and of the selected one what is behind it."""
    incidents(span)
    st.subheader("Findings", anchor=False)
    severity = choice("From severity", "severity", SEVERITIES, placeholder="all", width=220) or "info"
    found = data.ask(
        "finding_within", since=span.since, until=span.until, server="", kind="", severity=severity, limit=500
    )
    if found.is_empty():
        nothing("No findings.", "None of the rules that could be evaluated found anything in this window.")
        return
    row = findings(found, "findings")
    if row:
        finding(row, evidence(row), "finding")


def without_logs() -> None:
    """Says that the store holds no log rows, and shows what rules found in the configuration that it holds."""
    empty_store()
    found = data.ask("finding_within", since=None, until=None, server="", kind="", severity="info", limit=500)
    if found.is_empty():
        return
    st.subheader("Findings", anchor=False)
    row = findings(found, "findings")
    if row:
        finding(row, evidence(row), "finding")


def incidents(span: Span) -> None:
    """Shows incidents: findings that belong together, with the story they tell."""
    st.subheader("Incidents", anchor=False)
    found = data.ask("today_incident", since=span.since, until=span.until, limit=100)
    if found.is_empty():
        nothing("No incident.", "No findings of this window belong together.")
        return
    labels = {
        "severity": "Severity",
        "kind": "Kind",
        "class": "Class",
        "title": "Incident",
        "server": "Server",
        "finding_count": "Findings",
        "first_at": "First",
        "last_at": "Last",
    }
    st.caption("Findings that belong together. A selected row tells their story.")
    opens = {"finding_count": lambda row: behind("finding", incident=row["incident_key"])}
    at = picked(found, labels, "incidents", opens=opens)
    if at is not None:
        row = found.row(at, named=True)
        with st.container(border=True):
            st.markdown(f"**{markdown(short(row['title']))}**")
            st.text(short(row["story"]))
            utc_told()
            parts = data.ask("today_incident_part", incident=row["incident_key"], limit=200)
            chosen = findings(parts, "incident_parts")
            if chosen:
                finding(chosen, evidence(chosen), "incident_part")
