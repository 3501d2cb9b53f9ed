"""The map of who hands what to whom, and the matrix of who reaches whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped,unused-ignore]
import polars as pl

from tracelens.agreement import count as number_of
from tracelens.dashboard.charts import text

STAGES = ("source", "receive_connector", "server", "send_connector", "destination")
NODES = 12
OTHER = "other"
NAME = 30
NODE = "#5b7f95"
FORBIDDEN = "rgba(192, 20, 30, 0.85)"
CALM, BAD = (120, 150, 170), (200, 60, 45)
WORDS = ("source", "taken", "last", "out", "to")
Place = tuple[int, str]


def behind_places(frame: pl.DataFrame, at: int, names: Sequence[str]) -> dict[str, str]:
    """Gives the words of the list `way` that one place, or two that follow each other, of the map stand for."""
    found = {}
    for place, name in enumerate(names, at):
        shown = kept(frame, STAGES[place])
        known = set(frame[STAGES[place]].to_list())
        is_other = name == OTHER and len(known) > NODES
        found[f"but_{WORDS[place]}" if is_other else WORDS[place]] = "\x1f".join(sorted(shown)) if is_other else name
    return found


def journey(
    frame: pl.DataFrame, forbidden: Sequence[Mapping[str, Any]] = (), leads: Callable[..., str] | None = None
) -> go.Figure:
    """Draws the map: five columns, width for messages, colour for the share of failures.

    Args:
        frame: Rows of the question `route`.
        forbidden: Edges that must not be: `source`, `receive_connector`, `hit_count`; drawn in red.
        leads: Gives the address of the list that places which follow each other stand for, by stage and names.
    """
    most = [kept(frame, stage) for stage in STAGES]
    flows: Counter[tuple[Place, Place]] = Counter()
    failures: Counter[tuple[Place, Place]] = Counter()
    for row in frame.select(*STAGES, "message_count", "failed_count").iter_rows():
        names = [name if name in most[at] else OTHER for at, name in enumerate(row[:5])]
        for at in range(4):
            edge = (at, names[at]), (at + 1, names[at + 1])
            flows[edge] += row[5]
            failures[edge] += row[6]
    edges: list[tuple[tuple[Place, Place], int, str, int]] = [
        (edge, count, _shade(failures[edge] / count), failures[edge]) for edge, count in flows.items()
    ]
    for barred in forbidden[:NODES]:
        connector = barred["receive_connector"] if barred["receive_connector"] in most[1] else OTHER
        edges.append((((0, f"not allowed: {barred['source']}"), (1, connector)), barred["hit_count"], FORBIDDEN, 0))
    places = list(dict.fromkeys(place for edge, *_ in edges for place in edge))
    number = {place: at for at, place in enumerate(places)}
    held = dict.fromkeys(places, 0)  # without what is barred: that counts hits
    for (one, other), count in flows.items():
        held[other] += count
        held[one] += count if one[0] == 0 else 0
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [_short(name) for _, name in places],
                "customdata": [[text(name), _address(leads, at, [name]), _ways(held[at, name])] for at, name in places],
                "color": [FORBIDDEN if name.startswith("not allowed: ") else NODE for _, name in places],
                "pad": 14,
                "thickness": 12,
                "line": {"width": 0},
                "align": "left",
                "hovertemplate": "%{customdata[0]}%{customdata[2]}<extra></extra>",
            },
            link={
                "source": [number[edge[0]] for edge, *_ in edges],
                "target": [number[edge[1]] for edge, *_ in edges],
                "value": [count for _, count, *_ in edges],
                "color": [colour for *_, colour, _ in edges],
                "customdata": [
                    ["forbidden edge", ""]
                    if colour == FORBIDDEN
                    else [
                        f"{failed:,} failed ({failed / count:.0%})",
                        _address(leads, edge[0][0], [name for _, name in edge]),
                    ]
                    for edge, count, colour, failed in edges
                ],
                "hovertemplate": "%{source.customdata[0]} → %{target.customdata[0]}<br>%{value:,}, %{customdata[0]}"
                "<extra></extra>",
            },
        )
    )
    tallest = max(Counter(at for at, _ in places).values(), default=1)
    heads = ("From", "Taken in by", "Last server", "Handed out by", "To")
    for at, head in enumerate(heads):
        figure.add_annotation(
            x=at / 4, y=1.0, yshift=22, xanchor=("left", "center", "center", "center", "right")[at],
            text=f"<b>{head}</b>", showarrow=False, xref="paper", yref="paper",
        )  # fmt: skip
    figure.update_layout(height=140 + 46 * tallest, margin={"l": 8, "r": 8, "t": 40, "b": 16}, font={"size": 12})
    return figure


def kept(frame: pl.DataFrame, stage: str) -> set[str]:
    """Gives the names of a column of the map that are shown by themselves, the largest."""
    held = (
        frame.group_by(stage).agg(pl.col("message_count").sum()).sort("message_count", stage, descending=[True, False])
    )
    names = held[stage].to_list()
    return set(names if len(names) <= NODES else names[: NODES - 1])


def _address(leads: Callable[..., str] | None, at: int, names: Sequence[str]) -> str:
    return "" if leads is None or names[0].startswith("not allowed: ") else leads(at, names)


def _ways(count: int) -> str:
    return f"<br>{number_of(count, 'way of a message', 'ways of messages')}" if count else ""


def _shade(share: float) -> str:
    red, green, blue = (round(calm + (bad - calm) * share) for calm, bad in zip(CALM, BAD, strict=True))
    return f"rgba({red}, {green}, {blue}, {0.38 + 0.32 * share:.2f})"


def _short(name: str) -> str:
    shown = name.rsplit("\\", 1)[-1]  # cut in the middle: what tells connectors apart, and the port, mostly stand last
    return text(shown if len(shown) <= NAME else f"{shown[: NAME // 3]}…{shown[-(NAME - NAME // 3 - 1) :]}")


def matrix(frame: pl.DataFrame, row: str, column: str, count: str, failed: str) -> go.Figure:
    """Draws one cell per pair: failed of all, redder with the share of failures."""
    rows, columns = (sorted(set(frame[name].to_list()), key=str) for name in (row, column))
    held: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    for one, other, all_of, fell in frame.select(row, column, count, failed).iter_rows():
        held[one, other] += all_of
        bad[one, other] += fell
    shares = [[bad[a, b] / held[a, b] if held[a, b] else None for b in columns] for a in rows]
    words = [[f"{bad[a, b]:,} of {held[a, b]:,}" if held[a, b] else "" for b in columns] for a in rows]
    figure = go.Figure(
        go.Heatmap(
            x=[text(name) for name in columns],
            y=[text(name) for name in rows],
            z=shares,
            zmin=0,
            zmax=1,
            colorscale=[[0, "#3a7d5c"], [0.02, "#8aa86a"], [0.2, "#edae49"], [1, "#c0392b"]],
            showscale=False,
            xgap=3,
            ygap=3,
            hoverongaps=False,
            text=words,
            texttemplate="%{text}",
            textfont={"color": "white"},
            hoverinfo="skip",
        )
    )
    cells = [(one, other) for one in rows for other in columns if held[one, other]]
    figure.add_scatter(  # a cell of a heat map cannot be selected
        x=[text(other) for _, other in cells],
        y=[text(one) for one, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": 34, "opacity": 0},
        selected={"marker": {"opacity": 0.35, "color": "white"}},
        unselected={"marker": {"opacity": 0}},
        customdata=[[one, other, held[one, other], bad[one, other]] for one, other in cells],
        hovertemplate="%{y} → %{x}<br>%{customdata[3]:,} of %{customdata[2]:,} failed<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(
        title="Server it hands on to, and port", side="top", type="category", showgrid=False, automargin=True
    )
    figure.update_yaxes(title="Front End", type="category", autorange="reversed", showgrid=False, automargin=True)
    figure.update_layout(hoverdistance=300, height=120 + 44 * len(rows), margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return figure
