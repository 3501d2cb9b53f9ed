"""Plots, each part of which leads to the rows it counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count as number_of
from tracelens.dashboard import charts, charts_map, charts_series, zone
from tracelens.dashboard.widgets.folds import AS_TABLE, folded
from tracelens.dashboard.widgets.links import link
from tracelens.dashboard.widgets.tables import Opens, table
from tracelens.delay import duration

Leads = Callable[[str, dict[str, datetime]], dict[str, Any]]
STEP = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
Span = Mapping[str, datetime | None]


def bars(
    frame: pl.DataFrame,
    group: str,
    count: str,
    step: str,
    colours: dict[str, str],
    key: str,
    opens: Leads,
    span: Span,
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
    figure.update_xaxes(title=_clock(step))
    names = frame[group].unique().to_list()

    def shown(point: Any) -> None:
        name, at = point["customdata"]
        if name in names:
            begin, within = _within(at, step, span)
            link(f"{point['y']:,} {name}, {begin:%Y-%m-%d %H:%M}", **opens(name, within))

    hour = pl.col("hour").dt.strftime("%Y-%m-%d %H:%M")
    rows = frame.sort("hour", group, descending=[True, False]).with_columns(hour.alias("step"))
    labels = {"step": _clock(step), group: heading(group), count: heading(count)}
    behind = {count: lambda row: opens(row[group], _within(row["hour"].isoformat(), step, span)[1])}
    _show(figure, key, "Select a bar to open the rows it counts.", shown, rows, labels, behind)


def lines(
    frame: pl.DataFrame,
    colours: dict[str, str],
    measure: str,
    step: str,
    key: str,
    opens: Leads,
    span: Span,
    held: Collection[datetime] = (),
    is_count: bool = True,
) -> None:
    """Shows lines over time; a selected point shows a link to what it counts, or to what it is the middle of.

    A step without rows is a break in the lines, or 0 where the logs have rows of it.

    Args:
        frame: Rows of `moment, series, value`, times in the zone of the page.
        colours: Colours by series.
        measure: What the values are, with their unit.
        step: Width of a step: hour or day.
        key: Key of the widget.
        opens: Gives the address of the list behind a point, by series and span in UTC.
        span: The window of the page.
        held: Steps of which the logs have rows, in the zone of the page.
        is_count: Whether a value counts rows; else it is a middle of them.
    """
    figure = charts_series.lines(frame, colours, measure, STEP[step], held, is_count)
    figure.update_xaxes(title=_clock(step))
    names = frame["series"].unique().to_list()

    def shown(point: Any) -> None:
        name, at = point["customdata"]
        if name in names:
            begin, within = _within(at, step, span)
            value = f"{point['y']:,.0f} {name}" if is_count else f"What the {name} is of"
            link(f"{value}, {begin:%Y-%m-%d %H:%M}", **opens(name, within))

    moment = pl.col("moment").dt.strftime("%Y-%m-%d %H:%M")
    rows = frame.sort("moment", "series", descending=[True, False]).with_columns(
        moment.alias("step"), pl.col("value").cast(pl.Int64)
    )
    labels = {"step": _clock(step), "series": "What", "value": measure if is_count else f"{measure}, ms"}
    behind = {"value": lambda row: opens(row["series"], _within(row["moment"].isoformat(), step, span)[1])}
    _show(figure, key, "Select a point to open the rows behind it.", shown, rows, labels, behind)


def spread(frame: pl.DataFrame, colours: dict[str, str], key: str, opens: Callable[[str, int], dict[str, Any]]) -> None:
    """Shows how times spread; a selected bar shows a link to what it counts.

    Args:
        frame: Rows of `from_ms, series, value`.
        colours: Colours by series.
        key: Key of the widget.
        opens: Gives the address of the list behind a bar, by series and step.
    """
    names = frame["series"].unique().to_list()

    def shown(point: Any) -> None:
        name, from_ms = point["customdata"]
        if name in names:
            link(f"{point['y']:,} {name}, from {duration(from_ms)} on", **opens(name, from_ms))

    figure = charts_series.spread(frame, colours)
    rows = frame.with_columns(pl.Series("step", [duration(at) for at in frame["from_ms"].to_list()], dtype=pl.String))
    labels = {"step": "Time taken, from", "series": "Origin", "value": "Recipients"}
    behind = {"value": lambda row: opens(row["series"], row["from_ms"])}
    _show(figure, key, "Select a bar to open the recipients it counts.", shown, rows, labels, behind)


def ranks(
    panels: Sequence[charts_series.Ranks], measure: str, key: str, opens: Callable[[int, str], dict[str, Any]]
) -> None:
    """Shows panels of lying bars, two across; a selected bar shows a link to what it counts.

    Args:
        panels: The panels.
        measure: What is counted.
        key: Key of the widget.
        opens: Gives the address of the list behind a bar, by the number of its panel and its name.
    """
    figure = charts_series.ranks(panels, 2)
    known = {(at, name) for at, panel in enumerate(panels) for name in panel.frame["name"].to_list()}

    def shown(point: Any) -> None:
        at, chosen = point["customdata"]
        if (at, chosen) in known:
            link(f"{point['x']:,} {measure.lower()}: {chosen}", **opens(at, chosen))

    rows = pl.concat(
        panel.frame.select(
            pl.lit(at).alias("at"), pl.lit(panel.title).alias("title"), "name", pl.col("count").cast(pl.Int64)
        )
        for at, panel in enumerate(panels)
    )
    labels = {"title": "What", "name": "Which", "count": measure}
    behind = {"count": lambda row: opens(row["at"], row["name"])}
    _show(figure, key, "Select a bar to open the rows it counts.", shown, rows, labels, behind)


def matrix(
    frame: pl.DataFrame,
    row: str,
    column: str,
    count: str,
    failed: str,
    key: str,
    opens: Callable[[str, str], dict[str, Any]],
) -> None:
    """Shows who reaches whom; a selected cell shows a link to what failed, and to all of it.

    Args:
        frame: The rows.
        row: Column whose values are rows of the matrix.
        column: Column whose values are its columns.
        count: Column of the counts.
        failed: Column of those that failed.
        key: Key of the widget.
        opens: Gives the address of the list behind a cell; without `failed` for all of it.
    """
    figure = charts_map.matrix(frame, row, column, count, failed)
    known = set(frame.select(row, column).iter_rows())

    def shown(point: Any) -> None:
        one, other, all_of, bad = point["customdata"]
        if (one, other) in known:
            told = f"{one} to {other}"
            link(f"{number_of(all_of, 'session')}, {told}", **opens(one, other))
            if bad:
                link(f"{bad:,} failed, {told}", **opens(one, other), failed="yes")

    rows = frame.group_by(row, column, maintain_order=True).agg(pl.col(count, failed).sum())
    labels = {row: "From", column: "To", count: "Sessions", failed: "Failed"}
    behind: Opens = {
        count: lambda pair: opens(pair[row], pair[column]),
        failed: lambda pair: opens(pair[row], pair[column]) | {"failed": "yes"},
    }
    _show(figure, key, "Select a cell to open the sessions it counts.", shown, rows, labels, behind)


def heading(column: str) -> str:
    """Gives a column's name for readers."""
    name = column.removesuffix("_count").removesuffix("_class").replace("_", " ").capitalize()
    return name + "s" if column.endswith("_count") else name


def _show(
    figure: Any,
    key: str,
    hint: str,
    shown: Callable[[Any], None],
    rows: pl.DataFrame,
    labels: Mapping[str, str],
    opens: Opens,
) -> None:
    """Shows a figure, below it what belongs to the selected point; and, to be read and opened by keys, as a table."""
    config = {"displayModeBar": False}
    state = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=config)
    points = [point for point in state.selection.points if point.get("customdata")]
    with st.container(key=f"straight_{key}", horizontal=True):
        if points:
            shown(points[0])
        else:
            st.caption(hint)
    folded(AS_TABLE, f"{key}_rows", lambda: table(rows, labels, f"{key}_table", opens))


def _clock(step: str) -> str:
    return f"{step.capitalize()}, {zone.chosen()}"


def _within(at: str, step: str, span: Span) -> tuple[datetime, dict[str, datetime]]:
    """Gives a step's begin in the zone of the page, and the part of it in the window, in UTC."""
    begin = datetime.fromisoformat(at)
    since, until = zone.utc(begin) or begin, zone.utc(begin + STEP[step]) or begin
    return begin, {"since": max(since, span.get("since") or since), "until": min(until, span.get("until") or until)}
