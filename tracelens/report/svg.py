"""Plots as inline SVG: stacked bars, lines and ranks, without a script.

Colours are CSS classes (`s0` to `s5`, `grid`, `axis`), so that a page decides on light and dark. Every text is escaped.
"""

from __future__ import annotations

import math
from html import escape

from tracelens.render import plain
from tracelens.report.parts import Chart
from tracelens.report.shown import number

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 26
COLOURS = 6
LABELS = 8
RANK, NAME, LETTERS = 22, 250, 38


def chart_svg(chart: Chart, title: str) -> str:
    """Gives a plot as an `<svg>` element that fills the width it gets."""
    top, height = ceiling(_highest(chart)), HEIGHT
    if chart.kind == "ranks":
        parts, height = _ranks(chart), len(chart.labels) * RANK + 4
    else:
        parts = [_axis(top, chart.unit), _labels(chart)]
        parts += _bars(chart, top) if chart.kind == "bars" else _lines(chart, top)
    name = _safe(title)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}" '
        f'xmlns="http://www.w3.org/2000/svg">' + "".join(parts) + "</svg>"
    )


def legend(chart: Chart) -> list[tuple[str, str]]:
    """Gives class and name of each series, when there is more than one."""
    return [(f"s{at % COLOURS}", plain(name)) for at, name in enumerate(chart.series)] if len(chart.series) > 1 else []


def ceiling(highest: float) -> float:
    """Gives the end of the axis: the next 1, 2, 2.5 or 5 times a power of ten."""
    if highest <= 0:
        return 1.0
    power = float(10 ** math.floor(math.log10(highest)))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= highest * 0.999999)


def _highest(chart: Chart) -> float:
    columns = zip(*chart.series.values(), strict=True)
    if chart.kind == "bars":
        return max((sum(value or 0 for value in column) for column in columns), default=0.0)
    return max((value for values in chart.series.values() for value in values if value is not None), default=0.0)


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _step(chart: Chart) -> float:
    return (WIDTH - LEFT - RIGHT) / max(len(chart.labels), 1)


def _axis(top: float, unit: str) -> str:
    parts = []
    for at in range(5):
        value = top * at / 4
        y = _y(value, top)
        kind = "axis" if at == 0 else "grid"
        text = _safe(_short(value) + (f" {unit}" if unit and at else ""))
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _labels(chart: Chart) -> str:
    every = max(1, math.ceil(len(chart.labels) / LABELS))
    step = _step(chart)
    return "".join(
        f'<text class="tick" x="{LEFT + step * (at + 0.5):.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{_safe(text)}</text>"
        for at, text in enumerate(chart.labels)
        if at % every == 0
    )


def _bars(chart: Chart, top: float) -> list[str]:
    step = _step(chart)
    wide = max(min(step * 0.8, 60), 0.5)
    parts = []
    for at, label in enumerate(chart.labels):
        below = 0.0
        for index, (name, values) in enumerate(chart.series.items()):
            value = values[at] or 0.0
            if value <= 0:
                continue
            y, foot = _y(below + value, top), _y(below, top)
            x = LEFT + step * (at + 0.5) - wide / 2
            told = _safe(f"{label}, {name}: {number(value)}{' ' + chart.unit if chart.unit else ''}")
            parts.append(
                f'<rect class="s{index % COLOURS}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" '
                f'height="{max(foot - y, 0.5):.1f}"><title>{told}</title></rect>'
            )
            below += value
    return parts


def _ranks(chart: Chart) -> list[str]:
    values = [value or 0.0 for value in next(iter(chart.series.values()))]
    room = WIDTH - NAME - 70
    parts = []
    for at, (label, value) in enumerate(zip(chart.labels, values, strict=True)):
        y, wide = 2 + at * RANK, max(room * value / max(values), 0.5)
        name = label if len(label) <= LETTERS else label[: LETTERS - 1] + "…"
        told = _safe(f"{label}: {number(value)}")
        parts.append(f'<text class="tick" x="{NAME - 8}" y="{y + 14}" text-anchor="end">{_safe(name)}</text>')
        parts.append(
            f'<rect class="s0" x="{NAME}" y="{y}" width="{wide:.1f}" height="{RANK - 5}"><title>{told}</title></rect>'
        )
        parts.append(f'<text class="tick" x="{NAME + wide + 6:.1f}" y="{y + 14}">{_safe(number(value))}</text>')
    return parts


def _lines(chart: Chart, top: float) -> list[str]:
    step = _step(chart)
    parts = []
    for index, (name, values) in enumerate(chart.series.items()):
        runs: list[list[str]] = [[]]
        dots = []
        for at, value in enumerate(values):
            if value is None:
                runs.append([])
                continue
            x, y = LEFT + step * (at + 0.5), _y(value, top)
            runs[-1].append(f"{x:.1f},{y:.1f}")
            told = _safe(f"{chart.labels[at]}, {name}: {number(value)}{' ' + chart.unit if chart.unit else ''}")
            dots.append(
                f'<circle class="s{index % COLOURS}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"><title>{told}</title></circle>'
            )
        for run in runs:
            if len(run) > 1:
                parts.append(f'<polyline class="s{index % COLOURS}" points="{" ".join(run)}"/>')
        parts += dots
    return parts


def _safe(text: str) -> str:
    return escape(plain(text), quote=True)
