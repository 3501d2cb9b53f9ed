"""`tracelens findings`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import SEVERITIES, chosen, cut, format_option, put, put_frame, store_option


@click.command()
@click.option("--class", "class_", default="", help="Only this class: relay, proxy, ...")
@click.option("--rule", default="", help="Only this rule.")
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="info", show_default=True, help="From this severity up."
)
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many.")
@store_option
@format_option
def findings(class_: str, rule: str, severity: str, limit: int, store: Path | None, form: str) -> None:
    """Show what is wrong, with what to rule out and what to do."""
    from tracelens import query, story

    folder = chosen(store)
    found = query.ask(folder, "finding", severity=severity, limit=limit + 1, rule=rule, kind=class_)
    cut(limit, found.height, "--limit")
    found = found.head(limit)
    if form == "table":
        put(story.finding_text(found.to_dicts(), query.ask(folder, "rule_run").to_dicts()))
        return
    put_frame(found, form)
