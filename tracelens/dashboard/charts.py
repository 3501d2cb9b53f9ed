"""Figures from frames. All text from logs is escaped: Plotly reads a part of HTML in labels and hovers."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from math import log10
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped,unused-ignore]
import polars as pl

from tracelens.render import plain

STATUS = {
    "delivered": "#3a7d5c",
    "relayed": "#2f7f9e",
    "expanded": "#8fbfd0",
    "redirected": "#8a9fd0",
    "duplicate": "#b9c6cc",
    "in transit": "#e3c565",
    "deferred": "#edae49",
    "quarantined": "#a5668b",
    "dropped": "#7b4b6e",
    "refused": "#e07a5f",
    "failed": "#c0392b",
    "unknown": "#9aa5ab",
}
ORIGIN = {"internet": "#2f7f9e", "internal": "#6a9fb5", "client": "#edae49", "mailbox": "#3a7d5c", "system": "#a5668b"}
OUTCOME = {
    "worked": "#3a7d5c",
    "failed": "#c0392b",
    "denied": "#6a9fb5",
    "taken, signed in": "#edae49",
    "taken, anonymous": "#c0392b",
}
KIND = {
    "receive": "#2f7f9e",
    "proxy": "#6a9fb5",
    "transfer": "#8a9fd0",
    "submit": "#5b8c5a",
    "deliver": "#3a7d5c",
    "external": "#edae49",
    "expand": "#a5668b",
    "fork": "#a5668b",
    "dsn": "#e07a5f",
}
OTHER = "#9aa5ab"
MOST_LANES = 24


def text(value: object) -> str:
    """Gives a log text as Plotly shows it literally."""
    return escape(plain(value))


def laid_out(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """Gives a figure its height, narrow margins and a legend above."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": None},
        hoverlabel={"align": "left"},
        **layout,
    )
    return figure


def by_time(frame: pl.DataFrame, group: str, count: str, bucket: str, colours: dict[str, str]) -> go.Figure:
    """Draws stacked bars over time, one colour per group."""
    figure = go.Figure()
    present = set(frame[group].to_list())
    for name in [*(key for key in colours if key in present), *sorted(present - set(colours), key=str)]:
        part = frame.filter(pl.col(group) == name)
        figure.add_bar(
            x=part["hour"].to_list(),
            y=part[count].to_list(),
            name=text(name),
            marker_color=colours.get(name, OTHER),
            customdata=[[name, hour.isoformat()] if hour else None for hour in part["hour"].to_list()],
            hovertemplate="%{x|%d %b %H:%M} · %{y:,}<extra>" + text(name) + "</extra>",
        )
    width = 86_400_000 if bucket == "day" else 3_600_000
    figure.update_traces(width=width * 0.9, offset=0)
    hours = frame["hour"].drop_nulls().to_list()
    around = [min(hours), max(hours) + timedelta(milliseconds=width)] if hours else None
    figure.update_xaxes(title=None, showgrid=False, range=around)
    figure.update_yaxes(title=count.removesuffix("_count").capitalize() + "s", rangemode="tozero")
    return laid_out(figure, 280, barmode="stack", showlegend=True)


def coverage(frame: pl.DataFrame, bucket: str) -> go.Figure:
    """Draws which log has rows when: a lane per server and log; a hole is red, other places without rows stay empty."""
    lanes = [
        text(f"{server} · {log.replace('_', ' ')}" + ("" if service in (None, "", "transport") else f" · {service}"))
        for server, service, log in frame.select("server", "service", "log").iter_rows()
    ]
    order = list(dict.fromkeys(lanes))
    seen = frame.with_columns(pl.Series("lane", lanes)).filter(pl.col("hour").is_not_null())
    times = seen["hour"].to_list()
    width = timedelta(days=1) if bucket == "day" else timedelta(hours=1)
    hours = [min(times) + width * at for at in range((max(times) - min(times)) // width + 1)]
    full = seen.filter(pl.col("event_count") > 0)
    counts = {(lane, hour): count for lane, hour, count in full.select("lane", "hour", "event_count").iter_rows()}
    grid = [[counts.get((lane, hour)) for hour in hours] for lane in order]
    holes = set(seen.filter(pl.col("hole_count") > 0).select("lane", "hour").iter_rows())
    middles = [hour + width / 2 for hour in hours]  # a cell lies around its x
    named = [[f"{hour:%d %b %Y %H:%M}" for hour in hours] for _ in order]
    figure = go.Figure(
        go.Heatmap(
            x=middles,
            y=order,
            text=named,
            z=[[None if count is None else round(log10(count + 1), 2) for count in row] for row in grid],
            customdata=grid,
            zmin=0,
            colorscale=[[0, "rgba(47, 127, 158, 0.25)"], [1, "rgba(47, 127, 158, 1)"]],
            showscale=False,
            xgap=1,
            ygap=2,
            hoverongaps=False,
            hovertemplate="%{y}<br>%{text} · %{customdata:,} rows<extra></extra>",
        )
    )
    if holes:
        figure.add_heatmap(
            x=middles,
            y=order,
            text=named,
            z=[[1 if (lane, hour) in holes else None for hour in hours] for lane in order],
            colorscale=[[0, STATUS["failed"]], [1, STATUS["failed"]]],
            showscale=False,
            xgap=1,
            ygap=2,
            hoverongaps=False,
            hovertemplate="%{y}<br>%{text} · rows are missing<extra></extra>",
        )
    figure.update_xaxes(title=None, showgrid=False, type="date", range=[hours[0], hours[-1] + width])
    figure.update_yaxes(title=None, showgrid=False, ticks="", type="category", automargin=True)
    return laid_out(figure, 60 + 24 * max(3, len(order)), plot_bgcolor="rgba(209, 73, 91, 0.10)")


def strip(frame: pl.DataFrame, bucket: str) -> go.Figure:
    """Draws coverage in little room: a thin lane per server and log, or per server where those would be too many."""
    named = frame.with_columns(pl.col("log").str.replace_all("_", " "), pl.lit("").alias("service"))
    if named.select("server", "log").n_unique() > MOST_LANES:
        named = named.with_columns(pl.lit("all logs").alias("log"))
    lanes = named.group_by("server", "service", "log", "hour", maintain_order=True).agg(
        pl.col("event_count", "hole_count").sum()
    )
    figure = coverage(lanes, bucket)
    figure.update_traces(ygap=1, selector={"type": "heatmap"})
    figure.update_yaxes(tickfont={"size": 10}, dtick=1)
    figure.update_layout(height=75 + 17 * max(3, lanes.select("server", "log").n_unique()))
    return figure
