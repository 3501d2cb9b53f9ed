"""The server-lane picture of a path: a lane per server and service, an arrow per hand-over, in path order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped,unused-ignore]

from tracelens.dashboard import zone
from tracelens.dashboard.charts import text
from tracelens.dashboard.path_chart import colour_of, hover
from tracelens.delay import took

Row = Mapping[str, Any]
OUTSIDE = "Outside"
LANES = {
    "frontend": "front end", "hub": "transport", "delivery": "mailbox", "submission": "mailbox", "mailbox": "mailbox",
    "edge": "edge", "cloud": "transport", "hub or edge": "hub or edge", None: "hub or edge",
}  # fmt: skip
ORDER = ("edge", "hub or edge", "front end", "transport", "mailbox")
DASH = {"observed": "solid", "inferred": "dash", "reported": "dot", "ambiguous": "dashdot"}
SHOWN = 40
NAMED = 7
LONGEST = 24
LETTERS = 130  # of a label, over the width of the picture
GAP = "#c0392b"
LINE = "rgba(140, 150, 155, 0.55)"


def lane(server: str | None, service: str | None) -> str:
    """Gives the lane of one end of a hop."""
    if not server or service not in LANES:
        return OUTSIDE
    return f"{server} {LANES[service]}"


def lanes(hops: Sequence[Row], gaps: Sequence[Row]) -> list[str]:
    """Gives the lanes from the top: outside, then each server's front end, transport and mailbox."""
    ends = [(hop[f"{side}_server"], hop[f"{side}_service"]) for hop in hops for side in ("from", "to")]
    ends += [(gap["server"], gap["service"]) for gap in gaps]
    servers = list(dict.fromkeys(server for server, service in ends if lane(server, service) != OUTSIDE))
    here = {lane(server, service) for server, service in ends}
    found = [f"{server} {part}" for server in servers for part in ORDER if f"{server} {part}" in here]
    return [OUTSIDE, *found] if OUTSIDE in here or not found else found


def lane_chart(hops: Sequence[Row], gaps: Sequence[Row], critical: Sequence[str]) -> go.Figure:
    """Draws the first hops of a path across its servers.

    Args:
        hops: Rows of `hop` in order.
        gaps: Rows of the question `gap`.
        critical: Keys of the hops that the last end waited for.
    """
    drawn = list(hops[:SHOWN])
    places = {hop["hop_key"]: at for at, hop in enumerate(drawn, 1)}
    here = {hop["hop_number"] for hop in drawn}
    seen_gaps = [gap for gap in gaps if gap["after_hop"] is None or gap["after_hop"] in here]
    names = lanes(drawn, seen_gaps)
    rows = {name: len(names) - at for at, name in enumerate(names)}
    figure = go.Figure()
    for name in names:
        figure.add_shape(
            type="line", x0=0.4, x1=len(drawn) + 0.9, y0=rows[name], y1=rows[name], layer="below",
            line={"color": "rgba(140, 150, 155, 0.22)", "width": 14},
        )  # fmt: skip
    for hop in drawn:
        _ways(figure, hop, drawn, places, rows)
    room = min(LONGEST, LETTERS // len(drawn) - 5) if 0 < len(drawn) <= NAMED else 0
    for hop in drawn:
        _arrow(figure, hop, places[hop["hop_key"]], rows, hop["hop_key"] in critical, room)
    _gaps(figure, seen_gaps, {hop["hop_number"]: at for at, hop in enumerate(drawn, 1)}, rows)
    figure.update_xaxes(visible=False, range=[0.4, len(drawn) + 0.9], fixedrange=True)
    figure.update_yaxes(
        tickvals=list(rows.values()), ticktext=[text(name) for name in rows], range=[0.7, len(names) + 0.45],
        showgrid=False, zeroline=False, ticks="", automargin=True, fixedrange=True,
    )  # fmt: skip
    figure.update_layout(
        height=30 + 66 * len(names), margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False,
        hoverlabel={"align": "left"}, plot_bgcolor="rgba(0, 0, 0, 0)",
    )  # fmt: skip
    return figure


def _ways(
    figure: go.Figure, hop: Row, drawn: Sequence[Row], places: Mapping[str, int], rows: Mapping[str, int]
) -> None:
    """Draws the way inside a server from the hop before to this one."""
    before = places.get(hop["parent_hop_key"] or "")
    if before is None:
        return
    parent = drawn[before - 1]
    start = rows[lane(parent["to_server"], parent["to_service"])]
    end = rows[lane(hop["from_server"], hop["from_service"])]
    figure.add_scatter(
        x=[before, places[hop["hop_key"]]], y=[start, end], mode="lines", hoverinfo="skip",
        line={"color": LINE, "width": 3, "dash": "solid" if start == end else "dot"},
    )  # fmt: skip


def _arrow(figure: go.Figure, hop: Row, x: int, rows: Mapping[str, int], is_critical: bool, room: int) -> None:
    """Draws one hand-over with its port, and its connector while there is room."""
    start, end = (rows[lane(hop[f"{side}_server"], hop[f"{side}_service"])] for side in ("from", "to"))
    colour = colour_of(hop)
    told = hover(hop, f"took {took(hop) or 'unknown'}")
    if start == end:
        figure.add_scatter(
            x=[x], y=[end], mode="markers", hovertemplate=told,
            marker={"symbol": "diamond", "size": 15, "color": colour},
        )  # fmt: skip
    else:
        figure.add_scatter(
            x=[x, x, x], y=[start, (start + end) / 2, end], mode="lines+markers", hovertemplate=told,
            line={"color": colour, "width": 4 if is_critical else 2, "dash": DASH.get(hop["basis"], "dot")},
            marker={
                "symbol": ["circle", "circle", "triangle-down" if end < start else "triangle-up"],
                "size": [7, 0, 15], "color": colour, "line": {"width": 0},
            },
        )  # fmt: skip
    beside = start + 0.5 if end > start else start - 0.5  # between lanes, where nothing else is drawn
    figure.add_annotation(
        x=x, y=beside if start != end else end, text=_label(hop, room), showarrow=False, xanchor="left",
        xshift=9, yshift=0 if start != end else 16, align="left", font={"size": 11},
    )  # fmt: skip


def _label(hop: Row, room: int) -> str:
    """Gives the number and connector:port of a hop."""
    connector = hop["receive_connector"] or hop["send_connector"] or ""
    name = connector.rsplit("\\", 1)[-1] if room else ""
    port = f":{hop['to_port']}" if hop["to_port"] else ""
    lines = [f"<b>{hop['hop_number']}</b> {text(hop['kind'])}"]
    if name or port:
        short = name if len(name) <= room else name[: room - 1] + "…"
        lines.append(text(f"{short}{port}"))
    return "<br>".join(lines)


def _gaps(figure: go.Figure, gaps: Sequence[Row], places: Mapping[int, int], rows: Mapping[str, int]) -> None:
    """Draws hollow rings where a row must exist but no log holds it."""
    for gap in gaps:
        name = lane(gap["server"], gap["service"])
        row = rows.get(name, rows.get(OUTSIDE, 1))
        hour = zone.stamp(gap["hour"], "%Y-%m-%d %H:%M")
        told = text(f"{gap['server']} {gap['service']} {gap['log'].replace('_', ' ')}, {hour}: {gap['reason']}")
        figure.add_scatter(
            x=[places.get(gap["after_hop"] or 0, 0.5)], y=[row], mode="markers",
            hovertemplate=f"<b>gap</b><br>{told}<extra></extra>".replace("%{", "% {"),
            marker={"symbol": "circle-open", "size": 24, "color": GAP, "line": {"width": 2}},
        )  # fmt: skip
