"""`tracelens build`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.ingest import put_result, settled
from tracelens.cli.shared import Seconds, chosen, format_option, store_option
from tracelens.errors import UsageError


@click.command()
@click.option("--lake", required=True, help="Folder, share or URI of the lake.")
@store_option
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What runs the models.",
)
@click.option("--remote", help="Spark Connect server, sc://host:port.")
@click.option("--seen-as", default="", help="URI of the lake for Spark's workers, where it is another one for them.")
@click.option("--memory-limit", help="Memory limit of DuckDB while building, e.g. 512MB.")
@click.option("--wait", type=Seconds(0), default=60, show_default=True, help="Seconds to wait for an ingest.")
@click.option(
    "--rules", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with further rules."
)
@click.option("--unverified", is_flag=True, help="Ask signatures too that no real log has confirmed yet.")
@click.option("--verbose", is_flag=True, help="List every skipped file.")
@format_option
def build(
    lake: str,
    store: Path | None,
    engine: str,
    remote: str | None,
    seen_as: str,
    memory_limit: str | None,
    wait: float,
    rules: Path | None,
    unverified: bool,
    verbose: bool,
    form: str,
) -> None:
    """Build a store on a lake, by DuckDB here or by Spark."""
    from tracelens.lakeside import ingest_lake
    from tracelens.progress import shown

    if (engine == "spark") != bool(remote):
        raise UsageError("--engine spark and --remote belong together", hint="--engine spark --remote sc://host:15002")
    options = settled(rules, {"memory_limit": memory_limit, "unverified": unverified})
    if remote:
        from tracelens.lake import Lake
        from tracelens.spark import Cluster

        options["build"] = Cluster(remote, Lake(lake), seen_as).build
    with shown() as tell:
        account = ingest_lake(lake, chosen(store), wait_s=wait, on_progress=tell, **options)
    put_result(account, chosen(store), verbose, form)
