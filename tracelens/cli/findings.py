"""`tracelens findings`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracelens.cli.shared import SEVERITIES, chosen, cut, format_option, put, put_frame, store_option
from tracelens.errors import QueryError, UsageError

if TYPE_CHECKING:
    import polars as pl


@click.command()
@click.option("--class", "class_", default="", help="Only this class: relay, proxy, ...")
@click.option("--rule", default="", help="Only this rule.")
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="info", show_default=True, help="From this severity up."
)
@click.option("--incidents", is_flag=True, help="Instead: findings that belong together, as stories.")
@click.option("--incident", default="", help="Only the findings of this incident.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many.")
@click.option(
    "--unclassified", is_flag=True, help="Instead: failure texts no signature knows, the most frequent first."
)
@click.option("--rests-on", metavar="FINDING", default="", help="Instead: the logs that one finding rests on.")
@store_option
@format_option
def findings(
    class_: str,
    rule: str,
    severity: str,
    incidents: bool,
    incident: str,
    limit: int,
    unclassified: bool,
    rests_on: str,
    store: Path | None,
    form: str,
) -> None:
    """Show what is wrong, with what to rule out and what to do."""
    from tracelens import query, story

    folder = chosen(store)
    if rests_on:
        put_frame(_coverage(folder, rests_on), form)
        return
    if unclassified:
        unknown = query.ask(folder, "unclassified", limit=limit + 1)
        cut(limit, unknown.height, "--limit")
        put_frame(_with_guesses(unknown.head(limit)), form)
        return
    if incidents:
        told = query.ask(folder, "incident", severity=severity, limit=limit + 1, kind=class_)
        cut(limit, told.height, "--limit")
        told = told.head(limit)
        if form == "table":
            put(story.incident_text(told.to_dicts(), query.ask(folder, "incident_evidence").to_dicts()))
            return
        put_frame(told, form)
        return
    if incident:
        found = query.ask(folder, "incident_findings", incident=incident)
        if found.is_empty():
            raise QueryError(f"no incident '{incident}'", hint="keys: tracelens findings --incidents")
        found = found.drop("evidence")
        if form == "table":
            put(story.finding_text(found.to_dicts(), []))
            return
        put_frame(found, form)
        return
    found = query.ask(folder, "finding", severity=severity, limit=limit + 1, rule=rule, kind=class_)
    cut(limit, found.height, "--limit")
    found = found.head(limit)
    if form == "table":
        put(story.finding_text(found.to_dicts(), query.ask(folder, "rule_run").to_dicts()))
        return
    put_frame(found, form)


def _coverage(folder: Path, key: str) -> pl.DataFrame:
    """Gives what the store holds of a finding's server, or of all, from its first to its last hit."""
    from tracelens import query

    found = query.ask(folder, "case_finding", findings=[key]).to_dicts()
    if not found:
        raise UsageError(f"no finding '{key}'", "--rests-on", "take a finding_key of tracelens findings --format json")
    window = query.ask(folder, "report_window", server="").to_dicts()[0]
    since = found[0]["first_at"] or window["since"]
    until = found[0]["last_at"] or window["until"]
    return query.ask(folder, "coverage_of", since=since, until=until, servers=found[0]["server"] or "")


def _with_guesses(unknown: pl.DataFrame) -> pl.DataFrame:
    """Gives the texts with what an unverified signature would say of them."""
    import polars as pl

    from tracelens.classify import classify
    from tracelens.rulebook import load_signatures

    signatures = [signature for signature in load_signatures() if signature.grade == "U"]
    guesses = [
        classify(text, signatures, logs, unverified=True) for text, logs in unknown.select("text", "logs").rows()
    ]
    perhaps = pl.Series("perhaps", [guess.id if guess else None for guess in guesses], dtype=pl.String)
    return unknown.insert_column(unknown.width - 1, perhaps)
