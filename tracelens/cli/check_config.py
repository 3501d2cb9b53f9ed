"""`tracelens check-config`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import SEVERITIES, chosen, cut, format_option, put, put_frame, store_option
from tracelens.errors import UsageError


@click.command(name="check-config")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="info",
    show_default=True,
    help="Findings from this severity up.",
)
@click.option("--connectors", is_flag=True, help="Instead: the Receive connectors of the store, and who uses them.")
@click.option("--choices", is_flag=True, help="Instead: which connector should have taken sessions, and which did.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many rows.")
@store_option
@format_option
def check_config(
    files: tuple[Path, ...], severity: str, connectors: bool, choices: bool, limit: int, store: Path | None, form: str
) -> None:
    """Judge connectors and domains, imported or in export files.

    FILES hold the output of Get-ReceiveConnector, Get-SendConnector, Get-AcceptedDomain, Get-ADPermission or
    Get-TransportService. Alone they are judged by themselves; with --store they stand in for what was imported, and the
    sessions of the store count too.
    """
    from tracelens import configuration, judgement
    from tracelens.config import rule_params, setting

    if connectors or choices:
        if files or (connectors and choices):
            raise UsageError("--connectors and --choices look at the store, one at a time", hint="give --store alone")
        folder = chosen(store)
        found = configuration.connectors(folder) if connectors else configuration.choices(folder, limit=limit + 1)
    else:
        rules = setting("rules")
        found, notes = configuration.check(
            chosen(store) if store or not files else None,
            files,
            rule_dirs=[Path(rules)] if rules else [],
            rule_params=rule_params(),
        )
        for note in notes:
            click.echo(f"assumed: {note}", err=True)
        worse = SEVERITIES[SEVERITIES.index(severity) :]
        found = found.filter((found["state"] != "finding") | found["severity"].is_in(worse))
        if form == "table":
            put(judgement.verdict_text(found.to_dicts()))
            return
    cut(limit, found.height, "--limit")
    put_frame(found.head(limit), form)
