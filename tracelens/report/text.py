"""A report for the terminal."""

from __future__ import annotations

import textwrap

from tracelens.render import plain
from tracelens.report.parts import Report, Section
from tracelens.report.shown import grid

WIDTH = 118
CELL = 48
ROWS = 20


def report_text(report: Report, rows: int = ROWS) -> tuple[str, bool]:
    """Gives a report as text, and whether rows were left out.

    Args:
        report: The report.
        rows: Most rows or cards per section.
    """
    title = plain(report.title)
    lines = [title, "=" * len(title), plain(report.window), ""]
    for sentence in report.sentences:
        lines += _wrapped("- " + plain(sentence), 2)
    is_cut = False
    for section in report.sections:
        lines += ["", *_section(section, rows)]
        is_cut = is_cut or section.frame.height > rows
    lines += ["", "What this rests on"]
    for sentence in report.coverage:
        lines += _wrapped("- " + plain(sentence), 2)
    return "\n".join(lines) + "\n", is_cut


def _section(section: Section, rows: int) -> list[str]:
    title = plain(section.title)
    lines = [title, "-" * len(title)]
    if section.note:
        lines += _wrapped(plain(section.note), 0)
    height = section.frame.height
    if not height:
        return [*lines, "(nothing)"]
    lines += _cards(section, rows) if section.cards else _table(section, rows)
    if height > rows:
        lines.append(f"... {height - rows:,} more")
    return lines


def _table(section: Section, rows: int) -> list[str]:
    from rich.cells import cell_len

    headings, numeric, found = grid(section.frame.head(rows))
    kept = [at for at in range(len(headings)) if any(row[at] for row in found)]
    body = [[_cut(row[at]) for at in kept] for row in found]
    heads = [headings[at] for at in kept]
    right = [numeric[at] for at in kept]
    widths = [max(cell_len(row[at]) for row in [heads, *body]) for at in range(len(heads))]
    lines = []
    for row in [heads, ["-" * width for width in widths], *body]:
        parts = []
        for text, width, is_number in zip(row, widths, right, strict=True):
            space = " " * (width - cell_len(text))
            parts.append(space + text if is_number else text + space)
        lines.append("  ".join(parts).rstrip())
    return lines


def _cards(section: Section, rows: int) -> list[str]:
    headings, _, found = grid(section.frame.head(rows))
    wide = max(len(head) for head in headings[1:])
    lines: list[str] = []
    for row in found:
        lines += ["", row[0]] if lines else [row[0]]
        for head, text in zip(headings[1:], row[1:], strict=True):
            if text:
                lead = f"  {head:<{wide}}  "
                lines += textwrap.wrap(text, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))
    return lines


def _cut(text: str) -> str:
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent)
