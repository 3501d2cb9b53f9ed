"""A report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from typing import Any

from tracelens import __version__
from tracelens.render import page, plain
from tracelens.report.parts import Report, Section
from tracelens.report.shown import grid
from tracelens.report.svg import chart_svg, legend

OPEN_ROWS = 15
OPEN_CARDS = 60
ALL_ROWS = 5000


def report_html(report: Report) -> str:
    """Gives the page. Everything from a log is escaped, its control characters made visible."""
    return page(
        "tracelens.report",
        "report.html.j2",
        title=plain(report.title),
        window=plain(report.window),
        sentences=[plain(sentence) for sentence in report.sentences],
        sections=[_section(section, at) for at, section in enumerate(report.sections, 1)],
        coverage=[plain(sentence) for sentence in report.coverage],
        version=__version__,
    )


def _section(section: Section, at: int) -> dict[str, Any]:
    from markupsafe import Markup

    open_rows = OPEN_CARDS if section.cards else OPEN_ROWS
    headings, numeric, rows = grid(section.frame.head(ALL_ROWS))
    kept = [place for place in range(len(headings)) if place == 0 or any(row[place] for row in rows)]
    raw_headings, raw_numeric, raw_rows = grid(section.raw) if section.raw is not None else ([], [], [])
    chart = section.chart
    # chart_svg escapes every text in it
    plot = Markup(chart_svg(chart, section.title)) if chart is not None else None
    return {
        "number": at,
        "title": plain(section.title),
        "note": plain(section.note),
        "plot": plot,
        "legend": legend(chart) if chart is not None else [],
        "cards": section.cards,
        "columns": [(headings[place], numeric[place]) for place in kept],
        "rows": [[row[place] for place in kept] for row in rows[:open_rows]],
        "more": [[row[place] for place in kept] for row in rows[open_rows:]],
        "left_out": max(section.frame.height - ALL_ROWS, 0),
        "raw_columns": list(zip(raw_headings, raw_numeric, strict=True)),
        "raw": raw_rows,
    }
