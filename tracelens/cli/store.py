"""`tracelens store`: a group of verbs that look after a store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracelens.cli.shared import Seconds, chosen, format_option, put, put_faults, put_frame, store_option

if TYPE_CHECKING:
    from tracelens.pipeline import BuildOptions

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def store() -> None:
    """Look after a store: weigh, verify, prune, compact, rebuild."""


def changing(command: Command) -> Command:
    """Adds the options of a verb that publishes a new generation."""
    memory = click.option("--memory-limit", help="Memory limit of DuckDB while building, e.g. 512MB.")
    wait = click.option("--wait", type=Seconds(0), default=60, show_default=True, help="Seconds to wait for an ingest.")
    rules = click.option(
        "--rules", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with further rules."
    )
    return store_option(memory(wait(rules(command))))


@store.command()
@store_option
@format_option
def info(store: Path | None, form: str) -> None:
    """Show what the store holds and weighs."""
    from tracelens import care

    put_pairs(care.info(chosen(store)), form)


@store.command()
@store_option
@format_option
def verify(store: Path | None, form: str) -> None:
    """Compare the store with itself: checksums, rows, counts.

    Exit code 1 if something is wrong.
    """
    from tracelens import care

    rows = [{"where": fault.where, "what": fault.what} for fault in care.verify(chosen(store))]
    put_faults(rows, form, "store", "tracelens store rebuild mends it: it reads the logs of what is damaged again")


@store.command()
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Drop events before this day (UTC).")
@changing
@format_option
def prune(before: datetime, store: Path | None, form: str, **options: Any) -> None:
    """Drop the events before a day.

    Their files are remembered and not read again.
    """
    from tracelens import care

    change(
        lambda *how, **more: care.prune_before(chosen(store), before.date(), *how, **more), chosen(store), form, options
    )


@store.command()
@changing
@format_option
def compact(store: Path | None, form: str, **options: Any) -> None:
    """Join the segments of each table and day to one."""
    from tracelens import care

    change(lambda *how, **more: care.compact(chosen(store), *how, **more), chosen(store), form, options)


@store.command()
@changing
@click.option(
    "--without-lost", is_flag=True, help="Let go of files whose rows are damaged and that cannot be read again."
)
@format_option
def rebuild(store: Path | None, without_lost: bool, form: str, **options: Any) -> None:
    """Build all tables anew from the segments; read again what is damaged; bring an older store up to date."""
    from tracelens import care

    def verb(built: BuildOptions, tell: care.Tell, wait_s: float) -> dict[str, int]:
        return care.rebuild(chosen(store), built, tell, wait_s, without_lost)

    change(verb, chosen(store), form, options)


def change(verb: Callable[..., dict[str, int]], folder: Path, form: str, options: dict[str, Any]) -> None:
    """Runs a verb that publishes a new generation, with progress on stderr, and shows what it did."""
    from tracelens.progress import shown

    with shown() if form == "table" else nullcontext() as tell:
        done = verb(build_options(folder, options), tell or (lambda _: None), wait_s=options["wait"])
    put_pairs(done, form)


def build_options(folder: Path, options: dict[str, Any]) -> BuildOptions:
    """Gives how a generation is built, from options and settings."""
    from tracelens.config import rule_params, setting
    from tracelens.detect import rulebook
    from tracelens.pipeline import BuildOptions

    rules = options["rules"] or setting("rules")
    book = rulebook([*([Path(rules)] if rules else []), folder.absolute() / "rules"], rule_params())
    return BuildOptions(options["memory_limit"] or setting("memory_limit"), book)


def put_pairs(pairs: dict[str, Any], form: str) -> None:
    """Writes names and values to stdout: a line each, or one row."""
    import polars as pl

    if form != "table":
        put_frame(pl.DataFrame([{name.replace(" ", "_"): value for name, value in pairs.items()}]), form)
        return
    width = max(map(len, pairs))
    shown = {n: f"{v:,}" if isinstance(v, int) else str("-" if v is None else v) for n, v in pairs.items()}
    put("".join(f"{name:<{width}}  {value}\n" for name, value in shown.items()))
