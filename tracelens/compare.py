"""Two messages side by side: their hops aligned by what they are, their times, their differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from tracelens.delay import begins, bounded, duration, took
from tracelens.query import Path
from tracelens.render import plain
from tracelens.story import place, size

Row = Mapping[str, Any]
FACTS = ("from", "to", "send_connector", "receive_connector", "tls_version", "auth_user", "outcome", "basis")
LEAST_MS = 100


def compare(left: Path, right: Path) -> list[dict[str, Any]]:
    """Aligns two paths.

    Shape: one row per pair of hops, or per hop that only one path has: step, kind, left, right (ends of the hop),
    left_at_ms, right_at_ms (after the path's first hop), left_transit_ms, right_transit_ms (on one clock or
    corrected), left_took, right_took (the same as text, with their error), left_wait_ms, right_wait_ms, difference.
    """
    rows = []
    for step, (one, other) in enumerate(_pairs(left.hops, right.hops), 1):
        row: dict[str, Any] = {"step": step, "kind": (one or other or {})["kind"]}
        for side, hop, path in (("left", one, left), ("right", other, right)):
            row[side] = f"{place(hop, 'from')} → {place(hop, 'to')}" if hop else None
            row[f"{side}_at_ms"] = _after_start(hop, path.hops)
            row[f"{side}_transit_ms"] = hop["corrected_ms"] if hop else None
            row[f"{side}_wait_ms"] = hop["wait_ms"] if hop else None
            row[f"{side}_took"] = took(hop) if hop else ""
        row["difference"] = difference(one, other)
        rows.append(row)
    return rows


def _pairs(left: Sequence[Row], right: Sequence[Row]) -> list[tuple[Row | None, Row | None]]:
    """Pairs hops of the same kind and service in order; what has no partner stands alone."""
    one, other = ([f"{hop['kind']} {hop['to_service']}" for hop in hops] for hops in (left, right))
    found: list[tuple[Row | None, Row | None]] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            found += zip(left[a:b], right[c:d], strict=True)
        else:
            found += [(hop, None) for hop in left[a:b]] + [(None, hop) for hop in right[c:d]]
    return found


def _after_start(hop: Row | None, hops: Sequence[Row]) -> int | None:
    if not hop or not hop["started_at"]:
        return None
    return int(begins(hops)[[entry["hop_key"] for entry in hops].index(hop["hop_key"])])


def difference(left: Row | None, right: Row | None) -> str:
    """Gives in words how two hops differ; empty when they do not."""
    if left is None or right is None:
        return "only the second has it" if left is None else "only the first has it"
    told = []
    for name in FACTS:
        one, other = (place(hop, name) if name in ("from", "to") else hop[name] for hop in (left, right))
        if one != other:
            told.append(f"{name.replace('_', ' ')}: {plain(one) or 'none'} ≠ {plain(other) or 'none'}")
    for name, bound, word in (("corrected_ms", "bound_ms", "took"), ("wait_ms", "wait_bound_ms", "waited")):
        before, after, error = left[name], right[name], (left[bound] or 0) + (right[bound] or 0)
        if before is not None and after is not None and abs(after - before) >= max(LEAST_MS, before // 10, error):
            longer = "longer" if after > before else "shorter"
            told.append(f"{word} {duration(abs(after - before))} {longer} ({duration(before)}, {duration(after)})")
    return "; ".join(told)


def facts(left: Path, right: Path) -> list[dict[str, str]]:
    """Gives what the two messages are as a whole. Shape: fact, left, right."""
    return [
        {"fact": name, "left": one, "right": other}
        for (name, one), (_, other) in zip(_facts(left), _facts(right), strict=True)
    ]


def _facts(path: Path) -> list[tuple[str, str]]:
    m = path.message
    is_begun = not any(
        gap["side"] == "before" and gap["log"] == "message_tracking" and gap["after_hop"] in (None, 1)
        for gap in path.gaps
    )
    return [
        ("message-id", plain(m["message_id"]) or "none"),
        ("sender", plain(m["sender_address"]) or "<>"),
        ("first seen (UTC)", m["first_at"].isoformat(" ", "milliseconds") if m["first_at"] else "unknown"),
        ("status", m["status"]),
        (
            "total",
            bounded(m["total_ms"], m["total_bound_ms"])
            or ("unknown" if is_begun else "unknown: the beginning is missing"),
        ),
        ("size", size(m["message_bytes"]) if m["message_bytes"] else "unknown"),
        ("origin", f"{m['origin_class']} {plain(m['origin_ip'])}".strip()),
        ("recipients", str(len(path.legs))),
        ("hops", str(len(path.hops))),
        ("gaps", str(len(path.gaps))),
    ]


def compare_text(left: Path, right: Path) -> str:
    """Gives two messages side by side as text."""
    wide = max(len(row["left"]) for row in facts(left, right))
    lines = [f"{'':20}{'first':{wide}}  second"]
    for fact in facts(left, right):
        mark = " " if fact["left"] == fact["right"] else "≠"
        lines.append(f"{mark} {fact['fact']:18}{fact['left']:{wide}}  {fact['right']}")
    lines += ["", "Hops, aligned; times after the path's first hop"]
    for row in compare(left, right):
        lines.append(f"{' ' if not row['difference'] else '≠'} {row['step']} {row['kind']}")
        for side, name in (("left", "first"), ("right", "second")):
            if row[side]:
                at = "time unknown" if row[f"{side}_at_ms"] is None else f"+{duration(row[f'{side}_at_ms'])}"
                lines.append(
                    f"      {name:6}  {row[side]}  {at}"
                    + (f", took {row[f'{side}_took']}" if row[f"{side}_took"] else "")
                )
        if row["difference"]:
            lines.append(f"      {row['difference']}")
    return "\n".join(lines) + "\n"
