"""`tracelens rules`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, format_option, put_frame, store_option


@click.command()
@store_option
@format_option
def rules(store: Path | None, form: str) -> None:
    """Show what was asked of the logs, what was found, and what could not be asked."""
    from tracelens import query

    put_frame(query.ask(chosen(store), "rule"), form)
