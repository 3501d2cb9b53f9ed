"""`tracelens schema`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import chosen, format_option, put_frame, store_option


@click.command()
@click.argument("table", required=False, default="")
@store_option
@format_option
def schema(table: str, store: Path | None, form: str) -> None:
    """Describe the tables of the store, or the columns of one."""
    import polars as pl

    from tracelens import query

    found = query.describe(chosen(store), table)
    if form == "table" and not table:
        found = found.group_by("table_name", "table_doc", maintain_order=True).agg(
            pl.col("column_name").alias("columns")
        )
        put_frame(found.with_columns(columns=found["columns"].list.join(", ")), form)
        return
    put_frame(found.drop("table_doc", "table_name") if form == "table" else found, form)
