"""Bars over time, each of which leads to the rows it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from tracelens.dashboard import charts, zone
from tracelens.dashboard.widgets.links import link

Leads = Callable[[str, dict[str, datetime]], dict[str, Any]]
STEP = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def bars(
    frame: pl.DataFrame,
    group: str,
    count: str,
    step: str,
    colours: dict[str, str],
    key: str,
    opens: Leads,
    span: Mapping[str, datetime | None],
) -> None:
    """Shows stacked bars over time; a selected bar shows a link to what it counts.

    Args:
        frame: Rows of `hour`, the group and the count, times in the zone of the page.
        group: Column of the group.
        count: Column of the count.
        step: Width of a bar: hour or day.
        colours: Colours by group.
        key: Key of the widget.
        opens: Gives the address of the list behind a bar, by group and span in UTC.
        span: The window of the page: a bar at its edge counts no more than is in it.
    """
    figure = charts.by_time(frame, group, count, step, colours)
    names = frame[group].unique().to_list()
    state = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points")
    with st.container(key=f"opens_{key}", horizontal=True):
        points = [point for point in state.selection.points if point.get("customdata")]
        if not points:
            st.caption("Select a bar to open the rows it counts.")
        for point in points[:1]:
            name, at = point["customdata"]
            begin = datetime.fromisoformat(at)
            since, until = zone.utc(begin) or begin, zone.utc(begin + STEP[step]) or begin
            within = {
                "since": max(since, span.get("since") or since),
                "until": min(until, span.get("until") or until),
            }
            if name in names:
                link(f"{point['y']:,} {name}, {begin:%Y-%m-%d %H:%M}", **opens(name, within))
