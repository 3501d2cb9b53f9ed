"""Pictures of a path over time: the waterfall of its hops, and two paths side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped,unused-ignore]
import polars as pl

from tracelens.dashboard import zone
from tracelens.dashboard.charts import KIND, OTHER, laid_out, text
from tracelens.delay import UNITS, begins, bounded, duration, took
from tracelens.render import plain
from tracelens.story import place

Row = Mapping[str, Any]
LABEL = 70
SHOWN = 60
INSIDE = ("expand", "fork", "dsn")
BAD = ("refused", "failed", "deferred")
FAILED = "#c0392b"
CRITICAL = "#c9822b"
WAIT = "rgba(140, 150, 155, 0.35)"
PATTERN = {"observed": "", "inferred": "/", "reported": ".", "ambiguous": "x"}


def critical_path(hops: Sequence[Row]) -> list[str]:
    """Gives the keys of the hops that the last end waited for, from the first on."""
    by_key = {hop["hop_key"]: hop for hop in hops}
    ends = [hop for hop in hops if _end(hop)]
    if not ends:
        return []
    at: Row | None = max(ends, key=lambda hop: (_end(hop), hop["hop_number"]))
    found: list[str] = []
    while at is not None and at["hop_key"] not in found:
        found.append(at["hop_key"])
        at = by_key.get(at["parent_hop_key"] or "")
    return found[::-1]


def colour_of(hop: Row) -> str:
    """Gives the colour of a hop: of its kind, or of failure."""
    return FAILED if hop["outcome"] in BAD else KIND.get(hop["kind"], OTHER)


def _end(hop: Row) -> datetime | None:
    found: datetime | None = hop["ended_at"] or hop["started_at"]
    return found


def waterfall(hops: pl.DataFrame) -> go.Figure:
    """Draws each hop as a bar from its start to its end, with the wait before it in grey, and marks the critical path.

    What is inferred is hatched, what is only reported is dotted.
    """
    rows = [row for row in hops.to_dicts() if row["started_at"] or row["ended_at"]]
    chain = critical_path(rows)
    rows = rows[:SHOWN]
    figure = go.Figure()
    if not rows:
        return laid_out(figure, 80)
    begun = begins(rows)
    starts = [start - min(begun) for start in begun]
    at = begun.index(min(begun))
    first = rows[at]["started_at"] or rows[at]["ended_at"]
    total = max(1.0, *(start + _width(row) for start, row in zip(starts, rows, strict=True)))
    size, unit = next((entry for entry in UNITS if total >= 2 * entry[0]), UNITS[-1])
    least = total / 150
    labels = [_label(row) for row in rows]
    waits = [min(row["wait_ms"] or 0, start) for row, start in zip(rows, starts, strict=True)]
    figure.add_bar(
        base=[(start - wait) / size for start, wait in zip(starts, waits, strict=True)],
        x=[wait / size for wait in waits],
        y=labels,
        orientation="h",
        marker_color=WAIT,
        name="wait before the hop",
        hovertemplate=[f"waited {bounded(row['wait_ms'], row['wait_bound_ms'])}<extra></extra>" for row in rows],
        width=0.3,
    )
    figure.add_bar(
        base=[start / size for start in starts],
        x=[max(_width(row), least) / size for row in rows],
        y=labels,
        orientation="h",
        marker={
            "color": [colour_of(row) for row in rows],
            "pattern": {"shape": [PATTERN.get(row["basis"], "x") for row in rows]},
            "line": {"color": CRITICAL, "width": [3 if row["hop_key"] in chain else 0 for row in rows]},
        },
        name="hand-over (hatched: inferred, dotted: reported)",
        hovertemplate=[_hover(row) for row in rows],
        width=0.62,
    )
    figure.add_bar(
        x=[None], y=[labels[0]], orientation="h", name="critical path",
        marker={"color": "rgba(0, 0, 0, 0)", "line": {"color": CRITICAL, "width": 3}},
    )  # fmt: skip
    for row, start, label in zip(rows, starts, labels, strict=True):
        figure.add_annotation(
            x=(start + max(_width(row), least)) / size,
            y=label,
            text=took(row) or ("" if row["kind"] in INSIDE else "?"),
            showarrow=False,
            xanchor="left",
            xshift=5,
            font={"size": 12},
        )
    figure.update_xaxes(
        title=f"{unit} after {zone.wall(first).isoformat(' ', 'milliseconds')} {zone.chosen()}",
        range=[-0.01 * total / size, 1.12 * total / size],
    )
    figure.update_yaxes(title=None, ticks="", autorange="reversed", type="category", automargin=True)
    return laid_out(figure, 120 + 36 * len(rows), barmode="overlay", showlegend=True)


def _width(row: Row) -> float:
    """Gives how long a hop is drawn, in ms: what no clock tells has no length."""
    return float(row["corrected_ms"] or 0)


def _label(row: Row) -> str:
    return text(f"{row['hop_number']} {row['kind']}: {place(row, 'from')} → {place(row, 'to')}"[:LABEL])


def hover(hop: Row, times: str, *more: str) -> str:
    """Gives what is told of a hop under the pointer.

    Args:
        hop: Row of `hop`.
        times: How long it took, in words.
        more: Further lines, already escaped.
    """
    parts = [
        f"<b>{hop['hop_number']} {text(hop['kind'])}</b> {text(hop['outcome'])} ({text(hop['basis'])})",
        text(f"{place(hop, 'from')} → {place(hop, 'to')}"),
        times,
    ]
    parts += [text(hop[name]) for name in ("send_connector", "receive_connector", "tls_version") if hop[name]]
    return "<br>".join([*parts, *more]).replace("%{", "% {") + "<extra></extra>"


def _hover(row: Row) -> str:
    times = f"took {took(row) or 'unknown'}, waited {bounded(row['wait_ms'], row['wait_bound_ms']) or 'unknown'}"
    return hover(row, times, *([text(plain(row["reply_text"])[:140])] if row["reply_text"] else []))


def side_by_side(rows: Sequence[Row]) -> go.Figure:
    """Draws the aligned hops of two paths as two bars each, after the first hop of either path."""
    figure = go.Figure()
    ends = [
        (row[f"{side}_at_ms"] or 0) + (row[f"{side}_transit_ms"] or 0) for row in rows for side in ("left", "right")
    ]
    total = max([1.0, *ends])
    size, unit = next((entry for entry in UNITS if total >= 2 * entry[0]), UNITS[-1])
    for side, name, colour in (("left", "this message", "#2f7f9e"), ("right", "the other", "#edae49")):
        here = [row for row in rows if row[side] is not None]
        lengths = [row[f"{side}_transit_ms"] for row in here]
        hovers = [
            f"{text(row[side])}<br>took {duration(ms) or 'unknown'}" for row, ms in zip(here, lengths, strict=True)
        ]
        figure.add_bar(
            base=[(row[f"{side}_at_ms"] or 0) / size for row in here],
            x=[max(ms or 0, total / 150) / size for ms in lengths],
            y=[text(f"{row['step']} {row['kind']}") for row in here],
            orientation="h",
            name=name,
            marker_color=colour,
            hovertemplate=[hover.replace("%{", "% {") + "<extra></extra>" for hover in hovers],
        )
    figure.update_xaxes(title=f"{unit} after the first hop of each", rangemode="tozero")
    figure.update_yaxes(
        title=None,
        ticks="",
        autorange="reversed",
        type="category",
        automargin=True,
        categoryorder="array",
        categoryarray=[text(f"{row['step']} {row['kind']}") for row in rows],
    )
    return laid_out(figure, 120 + 44 * len(rows), barmode="group", showlegend=True)
