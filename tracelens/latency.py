"""Where a message's time went, as its servers tell in message-info, and which hand-overs were slower than usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracelens.delay import duration
from tracelens.render import plain

SHOWN = 8
Row = Mapping[str, Any]


def latency_text(parts: Sequence[Row], verdicts: Sequence[Row]) -> str:
    """Gives both as a block of text; empty when the logs tell neither.

    Args:
        parts: Rows of the question `message_latency`.
        verdicts: Rows of the question `slow_hop`.
    """
    lines = _parts(parts) + _slow(verdicts)
    return "\n".join(lines) + "\n" if lines else ""


def _parts(parts: Sequence[Row]) -> list[str]:
    told = [part for part in parts if part["own_ms"]]
    if not told:
        return []
    whole = sum(part["own_ms"] for part in told)
    shown = [part for part in told[:SHOWN] if part["own_ms"] * 100 >= whole]
    lines = ["", f"Where the time went  {duration(whole)}, each server by its own clock (message-info)"]
    rows = [
        (
            f"{plain(part['server'])} {part['service'] or ''}".rstrip(),
            part["kind"],
            ("not named" if part["kind"] == "total" else plain(part["component"]))
            + (" (not finished)" if part["is_incomplete"] else ""),
            duration(part["own_ms"]),
        )
        for part in shown
    ]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    lines += [
        f"  {row[0]:{wide[0]}}  {row[1]:{wide[1]}}  {row[2]:{wide[2]}}  {row[3]:>8}  {part['own_ms'] / whole:4.0%}"
        for row, part in zip(rows, shown, strict=True)
    ]
    rest = sum(part["own_ms"] for part in told[len(shown) :])
    return [*lines, f"  and {len(told) - len(shown)} shorter parts  {duration(rest)}"] if rest else lines


def _slow(verdicts: Sequence[Row]) -> list[str]:
    slow = [row for row in verdicts if row["verdict"] == "slower than usual"]
    lines = ["", "Slower than usual for the route"] if slow else []
    for row in slow:
        lines.append(
            f"  hop {row['hop_number']} {row['kind']} {plain(row['from_place'])} → {plain(row['to_place'])}:"
            f" {row['measure']} {duration(row['taken_ms'])}, usually {duration(row['median_ms'])},"
            f" at most {duration(row['usual_ms'])} ({row['hop_count']:,} hand-overs)"
        )
    return lines
