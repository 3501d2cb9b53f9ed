"""`tracelens simulate`."""

from __future__ import annotations

from pathlib import Path

import click

from tracelens.cli.shared import put


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder to write to.")
@click.option("--messages", type=click.IntRange(1), default=1000, show_default=True, help="Messages that come in.")
@click.option("--servers", type=click.IntRange(1, 40), default=2, show_default=True, help="Exchange servers.")
@click.option("--days", type=click.IntRange(1), default=1, show_default=True, help="Days.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--start", default="2026-03-02", show_default=True, help="First day.")
@click.option(
    "--version",
    "release",
    type=click.Choice(["2013", "2016", "2019", "SE"]),
    default="2019",
    show_default=True,
    help="Exchange version.",
)
@click.option(
    "--hours", type=(int, int), default=(6, 20), show_default=True, help="First and last hour of the working day."
)
@click.option(
    "--with",
    "extras",
    type=click.Choice(
        [
            "edge",
            "hybrid",
            "centralised",
            "old",
            "nat",
            "collisions",
            "catalogue",
            "conduct",
            "mistakes",
            "history",
            "uneven",
        ]
    ),
    multiple=True,
    help="What stands beside the servers: an Edge server, Exchange Online (centralised: mail that passes it and these"
    " servers, with its message trace), a hub of 2010, a load balancer that hides"
    " addresses, ids that repeat, one device and one journal with half of all mail"
    " (uneven); or a trouble more for each rule that a text (catalogue), counting (conduct), a"
    " configuration (mistakes, --days 8) or weeks of logs (history, --days 32) can make fire.",
)
@click.option(
    "--lose",
    metavar="SERVER:LOG[:HOUR]",
    multiple=True,
    help="Leave a log out: EX02:tracking, *:frontend_send:14, EX01:*.",
)
@click.option("--clock-offset", multiple=True, help="SERVER=MS: its clock is that much ahead (negative: behind).")
@click.option("--clock-step", multiple=True, help="SERVER=MS@TIME: its clock jumps by that much at a UTC time.")
@click.option(
    "--headers",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Delivered messages that leave their headers.",
)
@click.option("--no-troubles", is_flag=True, help="Plant no troubles.")
@click.option("--exports", is_flag=True, help="Write connectors and domains too, as exported.")
def simulate(
    out: Path,
    messages: int,
    servers: int,
    days: int,
    seed: int,
    start: str,
    release: str,
    hours: tuple[int, int],
    extras: tuple[str, ...],
    lose: tuple[str, ...],
    clock_offset: tuple[str, ...],
    clock_step: tuple[str, ...],
    headers: int,
    no_troubles: bool,
    exports: bool,
) -> None:
    """Write the logs of a made-up estate, the truth beside them.

    The truth is truth.parquet: hops, legs and troubles.
    """
    from tracelens.simulate import Clocks
    from tracelens.simulate import simulate as write

    clocks = Clocks.parsed(clock_offset, clock_step)
    done = write(
        out, messages, servers, days, seed, start, not no_troubles, release, hours, extras, lose,
        clocks=clocks, headers=headers, exports=exports,
    )  # fmt: skip
    put(f"{done.files} files, {done.rows:,} rows, {done.bytes:,} bytes in {out}\n")
    put(f"truth.parquet: {done.hops:,} hops, {done.legs:,} legs, {done.troubles:,} troubles\n")
