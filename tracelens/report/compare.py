"""Two windows of one report set against each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tracelens.agreement import count
from tracelens.report.parts import Report, Section
from tracelens.report.shown import number, value

if TYPE_CHECKING:
    import polars as pl


def beside(report: Report, other: Report) -> Report:
    """Gives a report that says first what differs from another window."""
    told = [f"Compared with {other.window}."]
    parts = [figures(report, other)] if report.figures else []
    others = {section.title: section for section in other.sections}
    for section in report.sections:
        before = others.get(section.title)
        if section.key and before is not None:
            change = changes(section, before)
            parts.append(change)
            states = change.frame["state"].to_list()
            new, gone = states.count("new"), states.count("gone")
            if new or gone:
                told.append(f"{section.title}: {count(new, 'row')} new, {count(gone, 'row')} gone.")
    return replace(
        report,
        title=f"{report.title}, compared",
        window=f"{report.window}; compared with {other.window}",
        sentences=[*told, *report.sentences],
        sections=[*parts, *report.sections],
        coverage=[*report.coverage, *(f"Other window: {line}" for line in other.coverage[:-1])],
    )


def figures(report: Report, other: Report) -> Section:
    """Gives the numbers of both windows side by side."""
    import polars as pl

    before = {figure.name: figure.value for figure in other.figures}
    rows = []
    for figure in report.figures:
        then, now = before.get(figure.name), figure.value
        rows.append({
            "figure": figure.name,
            "now": "" if now is None else number(now, figure.unit),
            "then": "" if then is None else number(then, figure.unit),
            "change": difference(now, then),
        })  # fmt: skip
    texts = dict.fromkeys(("figure", "now", "then", "change"), pl.String)
    return Section("Figures of the two windows", pl.DataFrame(rows, schema=texts))


def difference(now: float | None, then: float | None) -> str:
    """Gives the change as text: percent, or a factor from double on."""
    if now is None or then is None:
        return ""
    if now == then:
        return "same"
    if not then:
        return "new"
    if now >= 2 * then:
        return f"x {now / then:.1f}"
    return f"{now / then - 1:+.0%}"


def changes(section: Section, other: Section) -> Section:
    """Gives rows that are new, gone or changed in their measure, the greatest change first.

    Shape: one row per key: name, state (new, gone, more, less), now, then.
    """
    import polars as pl

    now, then = _measured(section), _measured(other)
    rows: list[tuple[str, str, float | None, float | None]] = []
    for name in sorted({*now, *then}):
        here, there = now.get(name), then.get(name)
        if here == there:
            continue
        state = "new" if there is None else "gone" if here is None else "more" if here > there else "less"
        rows.append((name, state, here, there))
    rows.sort(key=lambda row: (-abs((row[2] or 0) - (row[3] or 0)), row[0]))
    schema = {"name": pl.String, "state": pl.String, "now": pl.Float64, "then": pl.Float64}
    what = section.measure.replace("_", " ") or "rows"
    return Section(
        f"Changed: {section.title}", pl.DataFrame(rows, schema=schema, orient="row"), note=f"Counted in {what}."
    )


def _measured(section: Section) -> dict[str, float]:
    frame: pl.DataFrame = section.frame
    held: dict[str, float] = {}
    for row in frame.iter_rows(named=True):
        name = " · ".join(filter(None, (value(column, row[column]) for column in section.key)))
        held[name] = held.get(name, 0.0) + float(row[section.measure] or 0 if section.measure else 1)
    return held
