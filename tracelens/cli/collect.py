"""`tracelens collect`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.ingest import listed
from tracelens.cli.shared import format_option, put, put_frame, source_options


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--lake", required=True, help="Folder, share or URI (s3://bucket/lake) of the lake.")
@click.option("--host", default="", help="Machine the paths are of, where several ship files from equal folders.")
@source_options
@click.option("--workers", type=click.IntRange(1, 64), help="Reading threads; else the number of cores.")
@click.option("--verbose", is_flag=True, help="List every skipped file.")
@format_option
def collect(
    paths: tuple[Path, ...],
    lake: str,
    host: str,
    server: str | None,
    service: str | None,
    culture: str,
    workers: int | None,
    verbose: bool,
    form: str,
) -> None:
    """Read log files into a lake that many collectors share.

    Nothing is analysed, and no collector waits for another.

    PATHS are files, folders, archives (.zip, .gz) and patterns (`**/RECV*.LOG`); `-` reads a list of paths from stdin.
    """
    import polars as pl

    from tracelens.collect import collect as ship
    from tracelens.config import setting
    from tracelens.progress import shown
    from tracelens.story import account_text

    workers = workers or int(setting("workers") or 0) or None
    with shown() as tell:
        account = ship(
            listed(paths), lake, host=host, server=server, service=service, culture=culture, workers=workers,
            on_progress=tell,
        )  # fmt: skip
    if form != "table":
        put_frame(pl.from_dicts(account.kinds) if account.kinds else pl.DataFrame(), form)
        return
    put(account_text(account.kinds, account.skipped, account.failed, verbose))
    news = f"{account.new_files} files shipped, {account.known_files} known" if account.new_files else "nothing new"
    put(f"{news}; lake {lake}, {account.seconds:.1f} s\n")
