"""`tracelens export`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from tracelens.cli.shared import check_window, chosen, not_found_hint, put, put_frame, store_option
from tracelens.errors import QueryError, UsageError


@click.group()
def export() -> None:
    """Hand paths on as traces, and tables as files."""


@export.command()
@click.argument("message")
@click.option(
    "--form",
    type=click.Choice(["otlp", "chrome"]),
    default="otlp",
    show_default=True,
    help="OTLP/JSON, or Chrome trace JSON for Perfetto.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file; else to stdout.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--otlp-endpoint", metavar="URL", help="Send to this OTLP/HTTP collector, e.g. http://localhost:4318.")
@store_option
def trace(
    message: str, form: str, out: Path | None, force: bool, otlp_endpoint: str | None, store: Path | None
) -> None:
    """Write the path of one message as a trace that tracing tools open.

    MESSAGE is a message-id or a part of it, a network message-id or a message_key. A span per hop and per wait, an
    event per log row. Nothing is sent anywhere unless --otlp-endpoint says so.
    """
    from tracelens import query
    from tracelens.export.chrome import as_chrome
    from tracelens.export.otlp import as_otlp, send
    from tracelens.export.place import write_file
    from tracelens.export.spans import trace_of

    if otlp_endpoint and form != "otlp":
        raise UsageError("only OTLP can be sent", hint="leave out --form, or --otlp-endpoint")
    folder = chosen(store)
    found = query.search(folder, message_id=message, noise=True)
    if found.is_empty():
        raise QueryError("no message matches", str(folder), not_found_hint(folder))
    if found.height > 1:
        raise QueryError(
            f"{found['found_count'][0]:,} messages match", hint="choose one of the keys: tracelens trace MESSAGE"
        )
    made = trace_of(query.path(folder, found["message_key"][0], with_rows=True))
    result = as_otlp(made) if form == "otlp" else as_chrome(made)
    if out:
        write_file(out, result, force)
        click.echo(f"written: {out}, {len(made.spans)} spans", err=True)
    if otlp_endpoint:
        count = send(otlp_endpoint, made)
        click.echo(f"sent: {count} spans, trace {made.trace_id.hex()}", err=True)
    elif not out:
        put(result)


@export.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the files.")
@click.option(
    "--form",
    type=click.Choice(["parquet", "lake", "csv", "duckdb", "ecs"]),
    default="parquet",
    show_default=True,
    help="Parquet files; a lake with a folder per day; CSV; one DuckDB file; events under ECS names as JSON lines.",
)
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Only this table; may be repeated.")
@click.option("--since", type=click.DateTime(), help="Rows not before this UTC time.")
@click.option("--until", type=click.DateTime(), help="Rows before this UTC time.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@store_option
def data(
    out: Path,
    form: str,
    tables: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    force: bool,
    store: Path | None,
) -> None:
    """Write tables as files.

    Each gets its name only when all are whole.

    Tables without a time (and the ledger) come whole whatever --since and --until say.
    """
    import polars as pl

    from tracelens.export.data import export as write

    check_window(since, until)
    written = write(
        chosen(store),
        out,
        form,
        tables=tables,
        since=since,
        until=until,
        force=force,
        on_table=lambda name: click.echo(f"writing {name}", err=True),
    )
    rows = [(entry.table, entry.row_count, entry.size_bytes, str(entry.path)) for entry in written]
    put_frame(pl.DataFrame(rows, schema=["table", "rows", "bytes", "path"], orient="row"), "table")
