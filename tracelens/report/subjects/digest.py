"""The morning mail: the ten worst findings, what changed against the window before, what could not be asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tracelens.agreement import count
from tracelens.report.compare import difference, figures
from tracelens.report.parts import Figure, Report, Section, are
from tracelens.report.scope import Scope, minute

if TYPE_CHECKING:
    import polars as pl

SPAN = timedelta(days=1)
WORST = 10
LOGS = ("smtp_receive", "smtp_send", "message_tracking")
TIMES = {"median_ms": "median time", "p95_ms": "95 % within"}


def build(scope: Scope) -> Report:
    """Gives the report; without a start, of the last day that the store holds."""
    import polars as pl

    before = scope.before()
    found, earlier = scope.ask("report_finding"), before.ask("report_finding")
    was_logged = not before.ask("report_coverage").is_empty()
    urgent = found.filter(pl.col("severity").is_in(["critical", "high"])).height
    numbers = _figures(scope)
    value = {figure.name: figure.value or 0 for figure in numbers}
    sentences = [
        f"{count(found.height, 'finding')} in the window, {urgent} of them high or critical."
        if found.height
        else "No findings from the rules that could be evaluated.",
        f"{count(value['messages'], 'message')}: {count(value['delivered'], 'recipient')} delivered,"
        f" {value['relayed']:,.0f} relayed, {value['failed']:,.0f} failed,"
        f" {value['refused']:,.0f} refused, {value['deferred']:,.0f} deferred.",
    ]
    changed, parts = _changes(scope, found, earlier, was_logged)
    sentences += changed
    if was_logged:
        then = _figures(before)
        aside = Report("", before.text(), [], [], then)
        parts.insert(0, figures(Report("", scope.text(), [], [], numbers), aside))
        sentences += _moved(numbers, then)
    unasked = scope.ask("rule_run")
    if unasked.height:
        sentences.append(f"{count(unasked.height, 'rule')} could not be evaluated, as logs are missing.")
    worst = found.head(WORST).drop("finding_key", "rule_id", "subject")
    sections = [
        Section(
            f"The {WORST} worst findings" if found.height > WORST else "Findings",
            worst.select("title", "severity", "summary", "server", "hits", "first_at", "last_at", "advice", "evidence"),
            note="Hits are those of the whole finding, also outside the window. All of them: tracelens findings.",
            cards=True,
            key=("title", "summary"),
        ),
        *parts,
        Section("Rules not evaluated", unasked.select("rule_id", "missing")),
    ]
    return scope.report(f"Digest, {minute(scope.until)} UTC", sentences, sections, LOGS, figures=numbers)


def _figures(scope: Scope) -> list[Figure]:
    row = scope.ask("report_figure").row(0, named=True)
    return [
        Figure(TIMES.get(name, name.replace("_", " ")), held, "ms" if name in TIMES else "")
        for name, held in row.items()
    ]


def _changes(
    scope: Scope, found: pl.DataFrame, earlier: pl.DataFrame, was_logged: bool
) -> tuple[list[str], list[Section]]:
    import polars as pl

    before = scope.before().text()
    if not was_logged:
        return [f"What changed cannot be said: the store holds no rows of the window before, {before}."], []
    new = found.filter(pl.col("first_at") >= scope.since)
    gone = earlier.filter(~pl.col("finding_key").is_in(found["finding_key"].to_list()))
    columns = ["severity", "title", "subject", "hits", "first_at", "last_at"]
    told = f"Against the window before ({before}): {count(new.height, 'finding')} {are(new.height)} new,"
    return [f"{told} {gone.height} not seen again."], [
        Section("New findings", new.select(columns), note="First seen in this window."),
        Section("Not seen again", gone.select(columns), note="Seen in the window before, not in this one."),
    ]


def _moved(now: list[Figure], then: list[Figure]) -> list[str]:
    earlier = {figure.name: figure.value for figure in then}
    moved = [
        f"{figure.name} {difference(figure.value, earlier.get(figure.name))}"
        for figure in now
        if figure.value
        and (earlier.get(figure.name) or 0) > 0
        and abs(figure.value / (earlier[figure.name] or 1) - 1) >= 0.5
    ]
    return [f"Moved by half or more: {', '.join(moved)}."] if moved else []
