"""`tracelens lake`: a group of verbs that look after a lake."""

from __future__ import annotations

import click

from tracelens.cli.shared import format_option, put_faults
from tracelens.cli.store import put_pairs


@click.group()
def lake() -> None:
    """Look after a lake: what it holds, whether it is whole."""


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
    """Check that each segment an entry names is there.

    Exit code 1 if one is not.
    """
    from tracelens import lakecare

    put_faults(lakecare.verify(where), form, "lake", "collect these files again")


@lake.command()
@click.option("--lake", "where", required=True, help="Folder, share or URI of the lake.")
@click.option(
    "--keep", type=click.FloatRange(0), default=24, show_default=True, help="Hours that replaced segments stay."
)
@format_option
def tidy(where: str, keep: float, form: str) -> None:
    """Delete what newer states of files replaced.

    With it goes what killed collectors left.
    """
    from tracelens import lakecare

    put_pairs(lakecare.tidy(where, keep), form)
