"""How long mail takes: by origin, by hand-over, over time, and the slowest messages."""

from __future__ import annotations

from tracelens.agreement import count
from tracelens.report.parts import Figure, Report, Section, over_time, wide
from tracelens.report.scope import Scope
from tracelens.report.shown import number

LOGS = ("message_tracking", "smtp_receive", "smtp_send")
ORDER = ("median", "95 %")
CLOCKS = (
    "Clocks of two servers are compared first (tracelens sql: table clock_offset); a time within their error is left"
    " empty, and so is one whose clocks cannot be compared."
)

TOLD = "From message-info of the tracking rows, each server by its own clock; a part holds what is inside it."


def build(scope: Scope) -> Report:
    """Gives the report."""
    ends, hops = scope.ask("report_latency"), scope.ask("report_latency_hop")
    slowest, over = scope.ask("report_latency_slowest"), scope.ask("report_latency_time")
    total = scope.ask("report_figure").row(0, named=True)
    sentences = []
    if total["median_ms"] is None:
        sentences.append("No recipient with a known time in the window.")
    else:
        sentences.append(
            f"Half of the recipients were reached within {number(total['median_ms'], 'ms')},"
            f" 95 % within {number(total['p95_ms'], 'ms')}."
        )
    if slowest.height:
        worst = slowest.row(0, named=True)
        sentences.append(
            f"The slowest took {number(worst['taken_ms'], 'ms')},"
            f" from {worst['sender'] or '<>'} to {worst['recipient']}; most of it at {worst['longest_hop']}."
        )
    late = hops.filter(hops["max_wait_ms"].fill_null(0) >= 60_000)
    if late.height:
        sentences.append(
            f"{count(late.height, 'kind of hand-over', 'kinds of hand-over')} waited a minute or more in a queue."
        )
    sections = [
        Section(
            "Time to the recipient over time",
            wide(over, ORDER),
            over_time(over, "lines", ORDER, "s"),
            note="In seconds.",
        ),
        Section("By origin and end", ends, key=("origin", "status"), measure="p95_ms"),
        Section("By hand-over", hops, note=CLOCKS, key=("kind", "from_place", "to_place"), measure="p95_ms"),
        Section(
            "Where the servers say the time went",
            scope.ask("report_latency_component"),
            note=TOLD,
            key=("server", "service", "kind", "part"),
            measure="p95_ms",
        ),
        Section("The slowest", slowest, note="Open one with: tracelens trace MESSAGE-ID."),
    ]
    figures = [
        Figure("messages", total["messages"]),
        Figure("median time", total["median_ms"], "ms"),
        Figure("95 % within", total["p95_ms"], "ms"),
    ]
    return scope.report("Latency", sentences, sections, LOGS, figures=figures)
