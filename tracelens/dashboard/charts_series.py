"""Lines, histograms and ranks: what changes over time and how values spread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped,unused-ignore]
import polars as pl
from plotly.subplots import make_subplots  # type: ignore[import-untyped,unused-ignore]

from tracelens.dashboard.charts import OTHER, text
from tracelens.delay import duration
from tracelens.report.parts import Chart

TLS = {
    "TLS1.3": "#2f6f9e",
    "TLS1.2": "#3a7d5c",
    "TLS1.1": "#edae49",
    "TLS1.0": "#e07a5f",
    "TLS1": "#e07a5f",
    "SSL3": "#c0392b",
    "SSL2": "#8c1d40",
    "none": "#9aa5ab",
}
LINE = {"median": "#2f7f9e", "95 %": "#e07a5f"}
PALETTE = ("#2f7f9e", "#e07a5f", "#3a7d5c", "#edae49", "#a5668b", "#8a9fd0", "#7b4b6e", "#8fbfd0")
BETWEEN = 48  # pixels between two rows of panels
TICKS = (1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000)


def _laid_out(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": None},
        **layout,
    )
    return figure


def lines(
    frame: pl.DataFrame,
    colours: dict[str, str],
    measure: str,
    step: timedelta,
    held: Collection[datetime] = (),
    is_count: bool = True,
) -> go.Figure:
    """Draws rows `moment, series, value` as lines, one point per step: counts, or lengths of time in milliseconds.

    A step without a row breaks the line; it is 0 where it is one of those held.
    """
    figure = go.Figure()
    seen = frame["moment"].to_list()
    first, last = min(seen), max(seen)
    steps = [first + step * at for at in range((last - first) // step + 1)]
    whole = pl.DataFrame({"moment": sorted({*seen, *steps})}, schema={"moment": frame.schema["moment"]})
    whole = whole.with_columns(pl.when(pl.col("moment").is_in(list(held))).then(0).alias("empty"))
    for name in sorted(
        set(frame["series"].to_list()), key=lambda key: (list(colours).index(key) if key in colours else 99, key)
    ):
        part = whole.join(frame.filter(pl.col("series") == name), on="moment", how="left").sort("moment")
        values = part["value"].to_list()
        figure.add_scatter(
            x=part["moment"].to_list(),
            y=part["value"].fill_null(part["empty"]).to_list() if is_count else part["value"].clip(1).to_list(),
            name=text(name),
            mode="lines+markers",
            line={"color": colours.get(name, OTHER), "width": 2},
            marker={"size": 6},
            customdata=[
                None if value is None else [name, moment.isoformat()]
                for moment, value in zip(part["moment"].to_list(), values, strict=True)
            ],
            text=[f"{value or 0:,.0f}" if is_count else duration(value) for value in values],
            hovertemplate="%{x|%d %b %H:%M} · %{text}<extra>" + text(name) + "</extra>",
        )
    figure.update_xaxes(showgrid=False)
    if is_count:
        figure.update_yaxes(title=measure, rangemode="tozero")
    else:  # a slow hour would flatten all the others
        figure.update_yaxes(title=measure, type="log", tickvals=TICKS, ticktext=[duration(at) for at in TICKS])
    return _laid_out(figure, 280, showlegend=True)


def spread(frame: pl.DataFrame, colours: dict[str, str]) -> go.Figure:
    """Draws how times spread: rows `from_ms, group, value`, steps of a quarter of a power of ten."""
    figure = go.Figure()
    present = set(frame["series"].to_list())
    for name in [*(key for key in colours if key in present), *sorted(present - set(colours))]:
        part = frame.filter(pl.col("series") == name).sort("from_ms")
        figure.add_bar(
            x=part["from_ms"].to_list(),
            y=part["value"].to_list(),
            name=text(name),
            width=[at * 0.6 for at in part["from_ms"].to_list()],
            offset=0,
            marker_color=colours.get(name, OTHER),
            customdata=[[name, at] for at in part["from_ms"].to_list()],
            text=[duration(at) for at in part["from_ms"].to_list()],
            textposition="none",
            hovertemplate="from %{text} · %{y:,}<extra>" + text(name) + "</extra>",
        )
    figure.update_xaxes(type="log", title="Time taken", tickvals=TICKS, ticktext=[duration(at) for at in TICKS])
    figure.update_yaxes(title="Recipients", rangemode="tozero")
    return _laid_out(figure, 280, barmode="stack", showlegend=True)


@dataclass(frozen=True)
class Ranks:
    """One panel of lying bars, the longest on top.

    Attributes:
        title: Heading.
        frame: Rows of `name` and `count`.
        colours: Colours by name.
    """

    title: str
    frame: pl.DataFrame
    colours: Mapping[str, str] = field(default_factory=dict)


def ranks(panels: Sequence[Ranks], across: int) -> go.Figure:
    """Draws panels of lying bars, some across, in one figure: a page draws one much sooner than several."""
    down = -(-len(panels) // across)
    tall = [max(panel.frame.height for panel in panels[at * across : (at + 1) * across]) for at in range(down)]
    heights = [30 * rows for rows in tall]
    figure = make_subplots(
        rows=down,
        cols=across,
        subplot_titles=[text(panel.title) for panel in panels],
        row_heights=heights,
        vertical_spacing=BETWEEN / (sum(heights) + BETWEEN * (down - 1)) if down > 1 else 0,
        horizontal_spacing=0.18,
    )
    for at, panel in enumerate(panels):
        shown, where = panel.frame.sort("count", "name"), {"row": at // across + 1, "col": at % across + 1}
        figure.add_bar(
            x=shown["count"].to_list(),
            y=[text(value) for value in shown["name"]],
            orientation="h",
            customdata=[[at, value] for value in shown["name"]],
            marker_color=[panel.colours.get(value, PALETTE[0]) for value in shown["name"]],
            text=[f"{value:,.0f}" for value in shown["count"]],
            textposition="outside",
            cliponaxis=False,
            width=0.6,
            hovertemplate="%{y}: %{x:,.0f}<extra></extra>",
            **where,
        )
        figure.update_xaxes(
            title=None,
            showticklabels=False,
            showgrid=False,
            zeroline=False,
            range=[0, max(shown["count"].to_list(), default=1) * 1.2],
            **where,
        )
        empty = tall[at // across] - shown.height  # bars are as thick in each panel
        figure.update_yaxes(
            title=None, ticks="", type="category", automargin=True, range=[-0.5 - empty, shown.height - 0.5], **where
        )
    figure.update_annotations(font={"size": 14}, yshift=4)
    _laid_out(figure, sum(heights) + BETWEEN * (down - 1) + 44, showlegend=False)
    return figure.update_layout(margin={"t": 30})


def of_report(chart: Chart) -> go.Figure:
    """Draws the plot of a report's section."""
    if chart.kind == "ranks":
        name, values = next(iter(chart.series.items()))
        return ranks([Ranks(name, pl.DataFrame({"name": list(chart.labels), "count": values}))], 1)
    figure = go.Figure()
    labels = [text(label) for label in chart.labels]
    for at, (name, values) in enumerate(chart.series.items()):
        colour = PALETTE[at % len(PALETTE)]
        if chart.kind == "bars":
            figure.add_bar(x=labels, y=values, name=text(name), marker_color=colour)
        else:
            figure.add_scatter(x=labels, y=values, name=text(name), mode="lines+markers", line={"color": colour})
    figure.update_xaxes(title=None, type="category", showgrid=False)
    measure = chart.unit or next(iter(chart.series)) if len(chart.series) == 1 else chart.unit
    figure.update_yaxes(title=text(measure[:1].upper() + measure[1:]) or None, rangemode="tozero")
    return _laid_out(figure, 280, barmode="stack", showlegend=len(chart.series) > 1)


def free(frame: pl.DataFrame, kind: str, across: str, up: list[str]) -> go.Figure:
    """Draws columns of any answer: bars, lines or points."""
    figure = go.Figure()
    places = [text(value) if isinstance(value, str) else value for value in frame[across].to_list()]
    for at, name in enumerate(up):
        values, colour = frame[name].to_list(), PALETTE[at % len(PALETTE)]
        if kind == "bars":
            figure.add_bar(x=places, y=values, name=text(name), marker_color=colour)
        else:
            mode = "lines" if kind == "lines" else "markers"
            figure.add_scatter(x=places, y=values, name=text(name), mode=mode, line={"color": colour})
    figure.update_xaxes(title=text(across), automargin=True)
    figure.update_yaxes(title=text(", ".join(up)), automargin=True)
    return _laid_out(figure, 380, showlegend=len(up) > 1, barmode="group")
