"""`tracelens what-if`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, cut, format_option, put, put_frame, store_option

TLS = ("1.0", "1.1", "1.2", "1.3")


@click.command(name="what-if")
@click.option(
    "--receive-connectors",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Edited output of Get-ReceiveConnector; it stands in for all connectors of its servers. May be repeated.",
)
@click.option("--min-tls", type=click.Choice(TLS), default=None, help="Lowest TLS version that is still spoken.")
@click.option("--require-auth", multiple=True, help="Connector that takes mail after a logon only. May be repeated.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many rows.")
@store_option
@format_option
def what_if(
    files: tuple[Path, ...],
    min_tls: str | None,
    require_auth: tuple[str, ...],
    limit: int,
    store: Path | None,
    form: str,
) -> None:
    """Replay past mail against edited connectors: who is hit.

    Sessions that had mail taken are replayed. The store is read, never changed; what cannot be replayed is said.
    """
    from tracelens import configuration, judgement

    made = configuration.what_if(chosen(store), files, min_tls=min_tls or "", require_auth=require_auth)
    for note in made.notes:
        click.echo(f"assumed: {note}", err=True)
    cut(limit, made.changes.height, "--limit")
    shown = made.changes.head(limit)
    if form == "table":
        put(judgement.what_if_text(shown.to_dicts(), made.left_out.to_dicts(), made.replayed_count))
        return
    for row in made.left_out.to_dicts():
        click.echo(f"not replayed: {row['session_count']:,} sessions: {row['reason']}", err=True)
    put_frame(shown, form)
