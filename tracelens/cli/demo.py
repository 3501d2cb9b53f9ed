"""`tracelens demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracelens.cli.ingest import put_account, run_ingest
from tracelens.cli.serve import run_dashboard
from tracelens.cli.shared import put, quoted
from tracelens.errors import InputError


@click.command()
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("tracelens-demo"),
    show_default=True,
    help="Folder of the store.",
)
@click.option("--serve/--no-serve", default=None, help="Open the dashboard, or do not ask.")
def demo(store: Path, serve: bool | None) -> None:
    """Read the sample logs, show what is found, offer the pages."""
    from tracelens import query, story

    logs = samples(store)
    put(f"1. Reading the logs of a made-up estate: {logs}\n\n")
    put_account(run_ingest((logs,), store), store)
    put(f"\n2. What is wrong: tracelens findings --severity medium --store {quoted(str(store))}\n\n")
    worst = query.ask(store, "finding", kind="", rule="", severity="medium", limit=100)
    put(story.finding_text(worst.to_dicts(), query.ask(store, "rule_run").to_dicts()))
    key = query.ask(store, "showcase").to_dicts()[0]["message_key"]
    put(f"\n3. One message's path: tracelens trace {quoted(key)} --store {quoted(str(store))}\n\n")
    put(story.path_text(query.path(store, key), f"tracelens trace {quoted(key)} --raw --store {quoted(str(store))}"))
    put(f"\n4. The dashboard: tracelens serve --store {quoted(str(store))}\n")
    if serve is None and sys.stdin.isatty():
        serve = click.confirm("Open it now?", default=False, err=True)
    if serve:
        run_dashboard(store)


def samples(store: Path) -> Path:
    """Gives the sample logs: TRACELENS_SAMPLES, ./sample_logs, the checkout's; else writes some beside the store."""
    import os

    from tracelens.simulate import simulate as write

    places = [Path("sample_logs"), Path(__file__).parents[2] / "sample_logs"]
    if named := os.environ.get("TRACELENS_SAMPLES"):
        if not Path(named).is_dir():
            raise InputError("TRACELENS_SAMPLES is no folder", named)
        return Path(named)
    for place in places:
        if place.is_dir():
            return place
    made = store.with_name(store.name + "-logs")
    if not made.exists():
        write(made, messages=80, servers=2)
    return made
