"""`tracelens status`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, cut, format_option, put, put_frame, store_option


@click.command()
@click.option("--rejects", is_flag=True, help="List lines that could not be read.")
@click.option("--files", is_flag=True, help="List files left out, unfinished or with rejects.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many rows.")
@store_option
@format_option
def status(rejects: bool, files: bool, limit: int, store: Path | None, form: str) -> None:
    """Show coverage, ledger and rejects."""
    from tracelens import query

    folder = chosen(store)
    if rejects or files:
        found = query.ask(folder, "reject" if rejects else "log_file", limit=limit + 1)
        cut(limit, found.height, "--limit")
        put_frame(found.head(limit), form)
        return
    held = query.ask(folder, "holding")
    if form != "table":
        put_frame(held, form)
        return
    put(f"Store {folder}\n\nLedger\n")
    put_frame(query.ask(folder, "account"), form)
    put("\nCoverage (hours with rows per server and log; no rows may mean no log or no traffic)\n")
    put_frame(held, form)
    hidden = query.ask(folder, "noise")
    if hidden.height:
        put("\nHidden as noise (health checks and the like; failures are told by the rule noise-probe-failed)\n")
        put_frame(hidden, form)
