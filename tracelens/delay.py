"""Times between two servers as text: never shorter than what their clocks can tell."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Gives how long a hand-over took, as far as the clocks tell; empty when no log says."""
    if hop["corrected_ms"] is not None:
        return bounded(hop["corrected_ms"], hop["bound_ms"])
    return bounded(hop["transit_ms"], None)


def waited(hop: Mapping[str, Any]) -> str:
    """Gives how long a message lay before a hand-over; empty when under a second or unknown."""
    return bounded(hop["wait_ms"], hop["wait_bound_ms"]) if (hop["wait_ms"] or 0) >= 1000 else ""
