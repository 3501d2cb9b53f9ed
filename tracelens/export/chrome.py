"""Spans as Chrome trace JSON for Perfetto and chrome://tracing: a process per server, a thread per service.

Source: "Trace Event Format" (Chromium project): X complete, i instant, s and f flow, M metadata; times in microseconds.
"""

from __future__ import annotations

import json
from typing import Any

from tracelens import __version__
from tracelens.export.spans import Span, Trace

MESSAGE = "message"
UNKNOWN = "(unknown server)"


def as_chrome(trace: Trace) -> bytes:
    """Gives a trace as Chrome trace JSON.

    The slices of one thread of a viewer are a stack: two that overlap without one holding the other cannot be shown.
    Such a slice goes to a further thread of the same service.
    """
    processes: dict[str, int] = {}
    lanes: dict[tuple[str, str], list[list[Span]]] = {}
    places: dict[bytes, tuple[int, int]] = {}
    threads: dict[tuple[str, str, int], int] = {}
    events: list[dict[str, Any]] = []
    ordered = sorted(trace.spans, key=lambda span: (span.category != "message", span.start_ns, -span.end_ns))
    for span in ordered:
        server = MESSAGE if span.category == "message" else span.server or UNKNOWN
        service = span.service or "unknown"
        lane = _lane(lanes.setdefault((server, service), []), span)
        pid = processes.setdefault(server, len(processes) + 1)
        places[span.span_id] = pid, threads.setdefault((server, service, lane), len(threads) + 1)
    for name, pid in processes.items():
        events.append(_named("process_name", pid, 0, {"name": name}))
        events.append(_named("process_sort_index", pid, 0, {"sort_index": pid}))
    for (server, service, lane), tid in threads.items():
        label = service if lane == 0 else f"{service} {lane + 1}"
        events.append(_named("thread_name", processes[server], tid, {"name": label}))
    by_id = {span.span_id: span for span in trace.spans}
    for span in ordered:
        events += _slice(span, places)
        parent = by_id.get(span.parent_id or b"")
        if parent and parent.category == "hop" and span.category == "hop":
            events += _arrow(parent, span, places)
    document = {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"tool": f"tracelens {__version__}", "message_key": trace.message_key},
    }
    return json.dumps(document, ensure_ascii=True, indent=1).encode() + b"\n"


def _lane(lanes: list[list[Span]], span: Span) -> int:
    """Gives the first thread whose slices are all beside the span or around it, and puts the span there."""
    for number, held in enumerate(lanes):
        if all(span.start_ns >= _end(other) or _end(span) <= _end(other) for other in held):
            held.append(span)
            return number
    lanes.append([span])
    return len(lanes) - 1


def _end(span: Span) -> int:
    return max(span.end_ns, span.start_ns + 1000)


def _slice(span: Span, places: dict[bytes, tuple[int, int]]) -> list[dict[str, Any]]:
    pid, tid = places[span.span_id]
    place = {"pid": pid, "tid": tid}
    args = dict(span.attributes) | ({"error": span.error} if span.error else {})
    start, length = span.start_ns // 1000, (_end(span) - span.start_ns) // 1000
    found: list[dict[str, Any]] = [
        {"name": span.name, "cat": span.category, "ph": "X", "ts": start, "dur": length, **place, "args": args}
    ]
    for event in span.events:
        row = {"name": event.name, "cat": "log", "ph": "i", "s": "t", "ts": event.at_ns // 1000, **place}
        found.append(row | {"args": dict(event.attributes)})
    return found


def _arrow(parent: Span, child: Span, places: dict[bytes, tuple[int, int]]) -> list[dict[str, Any]]:
    """Gives the arrow from a hop to the next: it leaves inside the first slice and ends at the start of the second."""
    common = {"name": "next hop", "cat": "path", "id": child.span_id.hex()}
    leaves = min(max(parent.start_ns, child.start_ns), _end(parent) - 1000) // 1000
    ends = []
    for ph, span, at in (("s", parent, leaves), ("f", child, child.start_ns // 1000)):
        pid, tid = places[span.span_id]
        ends.append({**common, "ph": ph, "ts": at, "pid": pid, "tid": tid} | ({"bp": "e"} if ph == "f" else {}))
    return ends


def _named(name: str, pid: int, tid: int, args: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ph": "M", "pid": pid, "tid": tid, "args": args}
