"""Delays

How long mail takes, where it waits, which routes and components are slow, and how far clocks are off.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import count as number_of
from tracelens.dashboard import charts, charts_series, data, drill, widgets, zone
from tracelens.dashboard.counted import behind
from tracelens.dashboard.tabs import tabs
from tracelens.dashboard.window import Window, window_or_stop
from tracelens.delay import duration

LABELS = {"median_ms": "Median, ms", "p95_ms": "95 %, ms", "max_ms": "Longest, ms"}
MINUTE = timedelta(minutes=1)
OUTSIDE = "(outside)"
CLOCKS = "Times of two servers are compared as logged: a clock that is off shows here as a slow or a fast hand-over."


def recipients(window: Window) -> None:
    """Shows how long it takes to the recipient, over time and spread, and the slowest."""
    over = data.ask("delay_reached", bucket=window.bucket, zone=zone.chosen(), **window.params)
    if over.is_empty():
        widgets.nothing("No recipient with a known time in this window.", "Times come from message tracking.")
        return
    whole = over.row(0, named=True)
    st.markdown(
        f"Half of the recipients were reached within **{duration(whole['median_ms'])}**, "
        f"95 % within **{duration(whole['p95_ms'])}**."
    )
    widgets.link(
        f"{number_of(whole['recipient_count'], 'recipient')} with a known time",
        **behind("leg", timed=True, **window.params),
    )
    spread = over.filter(pl.col("from_ms").is_not_null()).rename({"recipient_count": "value"})
    left, right = st.columns(2)
    with left:
        st.caption(f"Time to the recipient, per {window.bucket}")
        widgets.lines(
            percentiles(over), charts_series.LINE, "Time taken", window.bucket, "latency_time",
            lambda _, at: behind("leg", timed=True, **window.params | at), window.params, is_count=False,
        )  # fmt: skip
    with right:
        st.caption("Recipients by the time it took, per origin")
        widgets.spread(
            spread, charts.ORIGIN, "latency_spread",
            lambda name, step: behind("leg", origin=name, step=step, **window.params),
        )  # fmt: skip
    st.subheader("The slowest", anchor=False)
    found = data.ask("delay_slowest", limit=50, **window.params)
    labels = {
        "total_ms": "Total ms",
        "status": "Status",
        "sender_address": "Sender",
        "recipient_address": "Recipient",
        "message_subject": "Subject",
        "longest_hop": "Longest hand-over",
        "wait_ms": "Wait ms",
        "transit_ms": "Took ms",
        "first_at": "First seen",
    }
    st.caption("Select one to open its path.")
    at = widgets.picked(found, labels, "slowest", 330)
    drill.as_sql("delay_slowest", limit=50, **window.params)
    if at is not None:
        widgets.open_message(found["message_key"][at])


def percentiles(over: pl.DataFrame) -> pl.DataFrame:
    """Gives medians and 95th percentiles as the points of two lines."""
    steps = over.filter(pl.col("moment").is_not_null())
    return pl.concat(
        steps.select("moment", pl.lit(name).alias("series"), pl.col(column).alias("value"))
        for name, column in {"median": "median_ms", "95 %": "p95_ms"}.items()
    )


def handovers(window: Window) -> None:
    """Lists hand-overs between two places by the time they take."""
    found = data.ask("delay_hop", **window.params)
    if found.is_empty():
        widgets.nothing("No hand-over in this window.", "")
        return
    labels = {
        "kind": "Kind",
        "from_place": "From",
        "to_place": "To",
        "connector": "Connector",
        "hop_count": "Hand-overs",
        **LABELS,
        "p95_wait_ms": "Wait before, 95 %, ms",
        "max_wait_ms": "Longest wait, ms",
    }

    def behind_hop(row: dict[str, Any]) -> dict[str, Any]:
        same = {"kind": row["kind"], "from": row["from_place"], "to": row["to_place"], "connector": row["connector"]}
        return behind("hop", timed=True, **same, **window.params)

    numbers = ("hop_count", *LABELS, "p95_wait_ms", "max_wait_ms")
    widgets.table(found, labels, "hop_delays", dict.fromkeys(numbers, behind_hop))
    st.caption(CLOCKS)
    drill.as_sql("delay_hop", **window.params)
    st.subheader("Slowest routes", anchor=False)
    routes = data.ask("delay_route", server=window.server)
    labels = {
        "from_server": "From",
        "to_server": "To",
        "kind": "Kind",
        "measure": "Measure",
        "hop_count": "Hand-overs",
        "median_ms": "Median, ms",
        "p95_ms": "95 %, ms",
        "usual_ms": "Usual up to, ms",
        "has_history": "Enough to tell",
    }

    def behind_route(row: dict[str, Any]) -> dict[str, Any]:
        ends = {"from": row["from_server"] or OUTSIDE, "to": row["to_server"] or OUTSIDE}
        return behind("hop", kind=row["kind"], **ends, **{row["measure"]: True})

    st.caption("Of all that the store holds: what is usual does not depend on the window.")
    widgets.table(routes, labels, "routes", dict.fromkeys(("hop_count", "median_ms", "p95_ms"), behind_route))
    drill.as_sql("delay_route", server=window.server)


def components(window: Window) -> None:
    """Lists the components of the servers by the time they take."""
    found = data.ask("delay_component", **window.params)
    if found.is_empty():
        widgets.nothing("No component is known.", "Servers write them into message tracking from Exchange 2010 on.")
        return
    labels = {
        "server": "Server",
        "component": "Component",
        "kind": "Kind",
        "agent": "Agent",
        "message_count": "Messages",
        **LABELS,
        "sum_ms": "In all, ms",
    }

    def behind_component(row: dict[str, Any]) -> dict[str, Any]:
        same = {name: row[name] for name in ("component", "kind", "agent")}
        return behind("component", **same, **window.of(row["server"]))

    numbers = ("message_count", *LABELS, "sum_ms")
    widgets.table(found, labels, "components", dict.fromkeys(numbers, behind_component))
    drill.as_sql("delay_component", **window.params)
    st.caption("A total holds its parts, and a part may lie inside another: do not add them up.")


def clocks(window: Window) -> None:
    """Lists how far clocks are apart."""
    found = data.ask("clock_offset", **window.params)
    if found.is_empty():
        widgets.nothing("No two clocks can be compared.", "That takes hand-overs in both directions.")
        return
    labels = {
        "server": "Server",
        "peer_server": "Other server",
        "offset_ms": "Clock ahead by, ms",
        "bound_ms": "± ms",
        "from_at": "From",
        "until_at": "Until",
        "there_count": "Hand-overs there",
        "back_count": "And back",
        "basis": "Basis",
    }

    def behind_pair(row: dict[str, Any], /, one: str, other: str) -> dict[str, Any]:
        span = {name: row[f"{name}_at"].replace(second=0, microsecond=0) for name in ("from", "until")}
        ends = {"from": row[one], "to": row[other]}
        return behind("hop", timed=True, **ends, since=span["from"], until=span["until"] + MINUTE)

    there = partial(behind_pair, one="server", other="peer_server")
    opens: widgets.Opens = {
        "offset_ms": there,
        "bound_ms": there,
        "there_count": there,
        "back_count": partial(behind_pair, one="peer_server", other="server"),
    }
    st.caption("The other server's clock against the server's. A delay smaller than the bound is not claimed.")
    widgets.table(found, labels, "clocks", opens)
    drill.as_sql("clock_offset", **window.params)


widgets.head("Delays", "How long mail takes, where it waits, and how far that can be trusted.")
chosen = window_or_stop()
tabs(
    {
        "To the recipient": lambda: recipients(chosen),
        "Hand-overs": lambda: handovers(chosen),
        "Components": lambda: components(chosen),
        "Clocks": lambda: clocks(chosen),
    }
)
