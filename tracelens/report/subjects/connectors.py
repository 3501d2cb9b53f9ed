"""What each connector carries, for whom, how safely, and when it was used last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracelens.agreement import count
from tracelens.report.parts import Chart, Figure, Report, Section, listed
from tracelens.report.scope import Scope

if TYPE_CHECKING:
    import polars as pl

LOGS = ("smtp_receive", "smtp_send")
SHOWN = 12


def build(scope: Scope) -> Report:
    """Gives the report."""
    import polars as pl

    held, peers = scope.ask("report_connector"), scope.ask("report_connector_peer")
    incoming, outgoing = (held.filter(pl.col("direction") == way) for way in ("receive", "send"))
    idle = held.filter((pl.col("messages") == 0) & (pl.col("not_taken") == 0))
    bare = held.filter((pl.col("messages") > 0) & (pl.col("tls_share") < 1))
    sentences = [
        f"{count(incoming.height, 'receive connector')} and {count(outgoing.height, 'send connector')} were used."
    ]
    if held["messages"].sum():
        top = held.sort("messages", descending=True).row(0, named=True)
        sentences.append(
            f"The busiest is {top['connector']} on {top['server']} with {count(top['messages'], 'message')}."
        )
    if idle.height:
        sentences.append(
            f"{count(idle.height, 'connector')} saw conversations but no message:"
            f" {listed(idle['connector'].to_list())}."
            " Client front ends pass on what they take without logging it."
        )
    if bare.height:
        sentences.append(
            f"{count(bare.height, 'connector')} had conversations without TLS: {listed(bare['connector'].to_list())}."
        )
    sentences.append("A connector that nobody used leaves no row: compare with the list of your servers.")
    key = ("server", "service", "direction", "connector")
    sections = [
        Section("Receive connectors", incoming, _bars(incoming), key=key, measure="messages"),
        Section("Send connectors", outgoing, _bars(outgoing), key=key, measure="messages"),
        Section("Peers of each connector", peers, key=(*key, "peer"), measure="sessions"),
    ]
    figures = [
        Figure("receive connectors", incoming.height),
        Figure("send connectors", outgoing.height),
        Figure("messages taken in", int(incoming["messages"].sum())),
        Figure("messages sent", int(outgoing["messages"].sum())),
    ]
    return scope.report("Connectors", sentences, sections, LOGS, figures=figures)


def _bars(frame: pl.DataFrame) -> Chart | None:
    import polars as pl

    busiest = frame.group_by("connector").agg(pl.col("messages").sum()).filter(pl.col("messages") > 0)
    top = busiest.sort("messages", "connector", descending=[True, False]).head(SHOWN)
    return (
        Chart("ranks", top["connector"].to_list(), {"messages": [float(n) for n in top["messages"].to_list()]})
        if top.height
        else None
    )
