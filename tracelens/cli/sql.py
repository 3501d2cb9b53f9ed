"""`tracelens sql`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracelens.cli.shared import Seconds, chosen, format_option, put_frame, store_option


@click.command()
@click.argument("query_text", metavar="QUERY")
@click.option("--timeout", type=Seconds(0.1), default=300, show_default=True, help="Seconds before it is stopped.")
@store_option
@format_option
def sql(query_text: str, timeout: float, store: Path | None, form: str) -> None:
    """Answer one SELECT on the locked store; QUERY `-` is read from stdin."""
    from tracelens.store import ask

    text = sys.stdin.read() if query_text == "-" else query_text
    put_frame(ask(chosen(store), text, timeout_s=timeout), form)
