"""The ground a page stands on: from when to when, which servers, what is missing, whether newer data has come."""

from __future__ import annotations

import streamlit as st

from tracelens.dashboard import charts, data, zone
from tracelens.dashboard.widgets.links import link
from tracelens.errors import TracelensError
from tracelens.render import plain

POLL_S = 5


def extent() -> None:
    """Shows in one line what the store holds; nothing while it is empty."""
    row = data.one("extent")
    if not row or not row["first_at"]:
        return
    servers = row["servers"]
    named = ", ".join(plain(name) for name in servers[:6])
    if len(servers) > 6:
        named += f" and {len(servers) - 6} more"
    first, until = (zone.stamp(row[name], "%Y-%m-%d %H:%M") for name in ("first_at", "until"))
    parts = [
        f"{first} – {until} {zone.chosen()}",
        f"{len(servers)} server{'' if len(servers) == 1 else 's'}: {named}",
        f"{row['hole_count']:,} log hour{'' if row['hole_count'] == 1 else 's'} with rows missing"
        if row["hole_count"]
        else "no hole in the logs",
    ]
    if row["reject_count"]:
        parts.append(f"{row['reject_count']:,} unreadable line{'' if row['reject_count'] == 1 else 's'}")
    with st.container(key="extent"):
        link(" · ".join(parts), "today")


def coverage(key: str = "coverage") -> None:
    """Shows the strip of what the store holds: a lane per server and log, a cell per hour or day."""
    frame = data.ask("coverage", bucket="hour")
    seen = frame["hour"].drop_nulls()
    if seen.is_empty():
        return
    step = data.bucket(seen.min(), seen.max())  # type: ignore[arg-type]
    figure = charts.strip(data.in_steps(frame, step), step)
    figure.update_xaxes(title=f"{step.capitalize()}, {zone.chosen()}")
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt="Hours in which each log has rows")


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
