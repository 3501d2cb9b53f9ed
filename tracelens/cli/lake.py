"""`tracelens lake`: a group of verbs that look after a lake."""

from __future__ import annotations

import click

from tracelens.cli.shared import format_option, put, put_frame
from tracelens.cli.store import put_pairs


@click.group()
def lake() -> None:
    """Look after a lake: what it holds, whether it is whole, dropping what newer states of files replaced."""


@lake.command()
@click.option("--lake", "where", required=True, help="Folder, share or URI of the lake.")
@format_option
def info(where: str, form: str) -> None:
    """Show what the lake holds."""
    from tracelens import lakecare

    put_pairs(lakecare.info(where), form)


@lake.command()
@click.option("--lake", "where", required=True, help="Folder, share or URI of the lake.")
@format_option
def verify(where: str, form: str) -> None:
    """Check that each segment an entry names is there; exit code 1 if one is not."""
    import polars as pl

    from tracelens import lakecare

    faults = lakecare.verify(where)
    if faults or form != "table":
        put_frame(pl.DataFrame(faults, schema={"where": pl.String, "what": pl.String}), form)
    else:
        put("the lake is whole\n")
    if faults:
        click.echo(f"{len(faults)} faults; collect these files again", err=True)
        click.get_current_context().exit(1)


@lake.command()
@click.option("--lake", "where", required=True, help="Folder, share or URI of the lake.")
@click.option(
    "--keep", type=click.FloatRange(0), default=24, show_default=True, help="Hours that replaced segments stay."
)
@format_option
def tidy(where: str, keep: float, form: str) -> None:
    """Delete segments that newer states of their files replaced, and what killed collectors left."""
    from tracelens import lakecare

    put_pairs(lakecare.tidy(where, keep), form)
