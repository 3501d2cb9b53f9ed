"""`tracelens ingest`."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracelens.cli.shared import Seconds, chosen, format_option, put, put_frame, source_options, store_option
from tracelens.errors import UsageError

if TYPE_CHECKING:
    from tracelens.pipeline import Account


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@store_option
@click.option("--lake", help="Folder or URI of a lake to build the store on, in place of PATHS.")
@source_options
@click.option("--memory-limit", help="Memory limit of DuckDB while building, e.g. 512MB.")
@click.option("--workers", type=click.IntRange(1, 64), help="Reading processes; else the number of cores.")
@click.option("--wait", type=Seconds(0), default=60, show_default=True, help="Seconds to wait for another ingest.")
@click.option(
    "--rules", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with further rules."
)
@click.option("--unverified", is_flag=True, help="Ask signatures too that no real log has confirmed yet.")
@click.option("--verbose", is_flag=True, help="List every skipped file.")
@click.option("--follow", is_flag=True, help="Go on reading as files come and grow, until Ctrl+C.")
@click.option(
    "--interval", type=Seconds(0.1), default=10, show_default=True, help="Seconds between reads with --follow."
)
@format_option
def ingest(
    paths: tuple[Path, ...],
    store: Path | None,
    lake: str | None,
    server: str | None,
    service: str | None,
    culture: str,
    memory_limit: str | None,
    workers: int | None,
    wait: float,
    rules: Path | None,
    unverified: bool,
    verbose: bool,
    follow: bool,
    interval: float,
    form: str,
) -> None:
    """Read log files and folders into the store.

    PATHS are files, folders, archives (.zip, .gz) and patterns (`**/RECV*.LOG`); `-` reads a list of paths from stdin.
    In place of them, --lake builds the store on a lake without copying it.
    """
    if bool(lake) == bool(paths):
        raise UsageError("give either PATHS or --lake", hint="tracelens ingest --help")
    if lake:
        account = run_lake(
            lake, chosen(store), memory_limit=memory_limit, wait_s=wait, rules=rules, unverified=unverified
        )
        put_result(account, chosen(store), verbose, form)
        return
    paths = listed(paths)
    options: dict[str, Any] = {
        "server": server,
        "service": service,
        "culture": culture,
        "memory_limit": memory_limit,
        "workers": workers,
        "wait_s": wait,
        "rules": rules,
        "unverified": unverified,
    }
    if follow:
        account = run_follow(paths, chosen(store), interval, **options)
    else:
        account = run_ingest(paths, chosen(store), **options)
    put_result(account, chosen(store), verbose, form)


def put_result(account: Account, store: Path, verbose: bool, form: str) -> None:
    """Writes the account of an ingest in the form asked for."""
    if form == "table":
        put_account(account, store, verbose)
        return
    import polars as pl

    from tracelens.story import left_out_text

    put_frame(pl.from_dicts(account.kinds) if account.kinds else pl.DataFrame(), form)
    click.echo(left_out_text(account.skipped, account.failed, verbose), err=True, nl=False)


def listed(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Gives the paths, with those on stdin, one a line (or parted by NUL) and in any encoding, in place of `-`.

    Raises:
        UsageError: There are none on stdin.
    """
    from tracelens.charset import decode

    if Path("-") not in paths:
        return paths
    lines = (line.strip().strip("\"'") for line in re.split(r"[\0\n]", decode(sys.stdin.buffer.read())[0]))
    told = [Path(line) for line in lines if line]
    if not told:
        raise UsageError("no paths on stdin", hint="give one path a line")
    return tuple(one for path in paths for one in (told if path == Path("-") else [path]))


def run_follow(paths: tuple[Path, ...], store: Path, interval_s: float, **options: Any) -> Account:
    """Reads logs as they grow, until Ctrl-C; what happens is said on stderr."""
    from tracelens.agreement import count
    from tracelens.follow import check, follow

    def say(text: str) -> None:
        click.echo(f"{datetime.now(UTC):%H:%M:%S} UTC  {text}", err=True)

    check(paths, store)
    click.echo(f"following {count(len(paths), 'path')}, reading every {interval_s:g} s (stop with Ctrl+C)", err=True)
    return follow(lambda: run_ingest(paths, store, quiet=True, **options), paths, interval_s, say)


def run_ingest(
    paths: tuple[Path, ...], store: Path, *, rules: Path | None = None, quiet: bool = False, **options: Any
) -> Account:
    """Reads logs with progress on stderr, unless it is to be quiet."""
    from tracelens.config import setting
    from tracelens.pipeline import ingest as read_in
    from tracelens.progress import shown

    workers = options.get("workers") or setting("workers")
    options["workers"] = int(workers) if workers else None
    with nullcontext() if quiet else shown() as tell:
        return read_in(paths, store, on_progress=tell, **settled(rules, options))


def run_lake(lake: str, store: Path, *, rules: Path | None = None, **options: Any) -> Account:
    """Builds a store on a lake with progress on stderr."""
    from tracelens.lakeside import ingest_lake
    from tracelens.progress import shown

    with shown() as tell:
        return ingest_lake(lake, store, on_progress=tell, **settled(rules, options))


def settled(rules: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Gives options of a build, completed from the settings."""
    from tracelens.config import inventory, rule_params, setting

    folder = rules or setting("rules")
    return {
        **options,
        "memory_limit": options.get("memory_limit") or setting("memory_limit"),
        "unverified": options.get("unverified") or str(setting("unverified")).lower() in ("true", "1", "yes"),
        "rule_dirs": [Path(folder)] if folder else [],
        "rule_params": rule_params(),
        "inventory": inventory(),
    }


def put_account(account: Account, store: Path, verbose: bool = False) -> None:
    """Writes the closing account of an ingest."""
    from tracelens.agreement import count
    from tracelens.story import account_text

    put(account_text(account.kinds, account.skipped, account.failed, verbose))
    news = (
        f"{count(account.new_files, 'file')} read, {account.known_files:,} known"
        if account.new_files
        else "nothing new"
    )
    if account.copied_segments:
        news += f", {count(account.copied_segments, 'segment')} copied from the lake"
    put(f"{news}; store {store}, generation {account.generation}, {account.seconds:.1f} s\n")
