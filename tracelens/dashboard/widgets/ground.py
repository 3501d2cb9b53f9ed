"""The ground a page stands on: from when to when, which servers, what is missing, whether newer data has come."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count
from tracelens.dashboard import charts, data, zone
from tracelens.dashboard.counted import HOUR, behind
from tracelens.dashboard.widgets.folds import AS_TABLE, folded
from tracelens.dashboard.widgets.links import link
from tracelens.dashboard.widgets.states import nothing
from tracelens.dashboard.widgets.tables import Opens, table
from tracelens.errors import TracelensError
from tracelens.render import plain

POLL_S = 5
RECEIVE = {"smtp_receive": "SMTP receive logs"}
SEND = {"smtp_send": "SMTP send logs"}


def extent() -> None:
    """Shows in one line what the store holds; nothing while it is empty."""
    row = data.one("extent")
    if not row or not row["first_at"]:
        return
    servers = row["servers"]
    named = ", ".join(plain(name) for name in servers[:6])
    if len(servers) > 6:
        named += f" and {len(servers) - 6} more"
    who = f"{count(len(servers), 'server')}: {named}" if servers else "no log names its server"
    first, until = (zone.stamp(row[name], "%Y-%m-%d %H:%M") for name in ("first_at", "until"))
    holes, rejects = row["hole_count"], row["reject_count"]
    with st.container(key="extent", horizontal=True):
        link(
            f"{first} – {until} {zone.chosen()} · {who}" + ("" if holes else " · no hole in the logs"),
            "today",
        )
        if holes:
            told = f"{count(holes, 'log hour')} with rows missing"
            link(told, **behind("log_hour", state="hole"))
        if rejects:
            link(count(rejects, "unreadable line"), "ingest", view="Rejected lines")


def coverage(key: str = "coverage") -> None:
    """Shows the strip of what the store holds: a lane per server and log, a cell per hour or day; and it as a table."""
    frame = data.ask("coverage", bucket="hour")
    seen = frame["hour"].drop_nulls()
    if seen.is_empty():
        return
    step = data.bucket(seen.min(), seen.max())  # type: ignore[arg-type]
    figure = charts.strip(data.in_steps(frame.with_columns(_writer()), step), step)
    figure.update_xaxes(title=f"{step.capitalize()}, {zone.chosen()}")
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt="Hours in which each log has rows")
    st.caption(
        f"A cell is {'an hour' if step == 'hour' else 'a day'} of a log: the darker, the more rows. Red: rows are "
        "missing though the server was busy. No cell: no rows."
    )
    folded(AS_TABLE, f"{key}_lanes", lambda: lanes(frame))


def unlogged(what: str, logs: Mapping[str, str], window: Mapping[str, Any], service: str = "") -> bool:
    """Says that the logs that tell of something have no rows in a window, if that is so.

    Args:
        what: What they tell of, as the subject of a sentence.
        logs: The logs that tell of it, with their names for readers.
        window: The window, `since` and `until` in UTC or None, and perhaps a server.
        service: The service whose logs they are; empty for any.
    """
    server, since, until = window.get("server", ""), window["since"], window["until"]
    rows = data.ask("coverage", bucket="hour").filter(
        (pl.col("event_count") > 0)
        & pl.col("log").is_in(list(logs))
        & ((pl.col("server") == server) | (server == ""))
        & ((pl.col("service") == service) | (service == ""))
    )
    rows = rows if since is None else rows.filter(pl.col("hour") > since - HOUR)
    rows = rows if until is None else rows.filter(pl.col("hour") < until)
    if rows.height:
        return False
    whose = "the Front Ends' " if service == "frontend" else ""
    nothing(f"{what} is not known.", f"The store has no rows of {whose}{' or '.join(logs.values())} in this window.")
    return True


def lanes(frame: pl.DataFrame) -> None:
    """Shows of each log of each server in how many hours it has rows, and in how many rows are missing."""
    has_rows = pl.col("event_count") > 0
    frame = frame.with_columns(_writer().alias("writer"))
    found = frame.group_by("server", "writer", "service", "log", maintain_order=True).agg(
        pl.col("event_count").sum(),
        has_rows.sum().alias("held_count"),
        pl.col("hole_count").sum(),
        pl.col("hour").filter(has_rows).min().alias("first_at"),
        pl.col("hour").filter(has_rows).max().alias("last_at"),
    )
    labels = {
        "writer": "Server",
        "service": "Service",
        "log": "Log",
        "event_count": "Rows",
        "held_count": "Hours with rows",
        "hole_count": "Hours with rows missing",
        "first_at": "First hour",
        "last_at": "Last hour",
    }
    opens: Opens = {
        name: partial(
            lambda row, of: behind("log_hour", server=row["server"], service=row["service"], log=row["log"], **of),
            of=of,
        )
        for name, of in {
            "event_count": {"sum": "rows"},
            "held_count": {"state": "covered"},
            "hole_count": {"state": "hole"},
        }.items()
    }
    table(found, labels, "lanes", opens)


def _writer() -> pl.Expr:
    """Names who wrote a log that names no server."""
    cloud = pl.when(pl.col("log") == "exo_trace").then(pl.lit("Exchange Online")).otherwise(pl.lit("(not named)"))
    return pl.when(pl.col("server") == "?").then(cloud).otherwise(pl.col("server")).alias("server")


@st.fragment(run_every=POLL_S)
def news() -> None:
    """Looks every few seconds whether an ingest has published and offers to show it; what is on the page stays."""
    try:
        live = data.fingerprint()
    except TracelensError:
        return
    if live and live != st.session_state.get("generation", live):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**New data**: an ingest has published since this page was drawn.")
            if st.button("Show it", key="news", type="primary"):
                st.rerun()
