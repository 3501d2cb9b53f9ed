"""Times between two servers as text: never shorter than what their clocks can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UNITS = ((3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms"))
RESOLUTION_MS = 5


def duration(ms: float | None) -> str:
    """Gives milliseconds as a short text, e.g. `1.5 s`; empty when unknown."""
    if ms is None:
        return ""
    for size, unit in UNITS:
        if ms >= size:
            return f"{ms / size:.3g} {unit}"
    return "0 ms"


def bounded(ms: int | None, bound_ms: int | None) -> str:
    """Gives a time with its error; one that is shorter than its error is not claimed; empty when unknown."""
    if ms is None:
        return ""
    if bound_ms is None:
        return f"{duration(ms)} by two clocks not compared"
    if ms < bound_ms:
        return f"within clock error (± {duration(bound_ms)})"
    return duration(ms) + (f" ± {duration(bound_ms)}" if bound_ms > RESOLUTION_MS else "")


def took(hop: Mapping[str, Any]) -> str:
    """Gives how long a hand-over took, as far as the clocks tell; empty when unknown and for what is one moment."""
    if hop["kind"] in ("expand", "fork", "dsn"):
        return ""
    if hop["corrected_ms"] is not None:
        return bounded(hop["corrected_ms"], hop["bound_ms"])
    return bounded(hop["transit_ms"], None)


def begins(hops: Sequence[Mapping[str, Any]]) -> list[float]:
    """Gives when each hop began, in milliseconds after the first: along the path, so that no two clocks are compared.

    A hop whose place on the path is not timed begins where its own log says; one that only a header tells, to the
    second, begins no earlier in its second than the hop before it ends.
    """
    moments = [hop["started_at"] or hop["ended_at"] for hop in hops]
    first = min((moment for moment in moments if moment), default=None)
    if hops and hops[0]["after_parent_ms"] is None and moments[0]:
        first = moments[0]  # the root of the path, not the server whose clock is behind
    found: dict[str, float] = {}
    ends: dict[str, float] = {}
    for hop, moment in zip(hops, moments, strict=True):
        logged = (moment - first).total_seconds() * 1000 if moment and first else 0.0
        parent, after = found.get(hop["parent_hop_key"]), hop["after_parent_ms"]
        if hop.get("basis") == "reported" and parent is not None:
            end = parent + ends[hop["parent_hop_key"]]
            found[hop["hop_key"]] = end if logged < end < logged + 1000 else logged
        else:
            found[hop["hop_key"]] = logged if parent is None or after is None else parent + after
        ends[hop["hop_key"]] = float(hop["corrected_ms"] or 0)
    return [found[hop["hop_key"]] for hop in hops]


def waited(hop: Mapping[str, Any]) -> str:
    """Gives how long a message lay before a hand-over; empty when under a second or unknown."""
    return bounded(hop["wait_ms"], hop["wait_bound_ms"]) if (hop["wait_ms"] or 0) >= 1000 else ""
