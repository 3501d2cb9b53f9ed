"""Verdicts on configuration, and what edited configuration would have done, as text to read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from tracelens.render import cell, plain

Row = Mapping[str, Any]
WIDTH = 110


def verdict_text(rows: Iterable[Row]) -> str:
    """Gives verdicts: findings with advice, then what is fine, then what could not be asked."""
    listed = list(rows)
    lines: list[str] = []
    for row in (row for row in listed if row["state"] == "finding"):
        lines.append(f"{row['severity'].upper():<8}  {plain(row['title'])}")
        lines += textwrap.wrap(plain(row["summary"]), WIDTH, initial_indent="  ", subsequent_indent="  ")
        for part in plain(row["advice"]).split(" Then: "):
            text = part if part.startswith("First") else f"Then: {part}"
            lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
        lines += [f"  rule {row['rule_id']}", ""]
    if not lines:
        lines = ["No findings from the rules that could be evaluated.", ""]
    fine = [row["rule_id"] for row in listed if row["state"] == "nothing found"]
    missing = [row for row in listed if row["state"] == "not evaluated"]
    if fine:
        lines += [f"Nothing found by {len(fine)} rules:"]
        lines += textwrap.wrap(
            ", ".join(fine), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
    if missing:
        lines.append(f"Not evaluated, as exports or logs are missing: {len(missing)} rules")
        lines += [f"  {row['rule_id']}: needs {row['missing']}" for row in missing]
    return "\n".join(lines).rstrip() + "\n"


def what_if_text(changes: Iterable[Row], left_out: Iterable[Row], replayed_count: int) -> str:
    """Gives what would have been refused or moved, and whose, then what could not be replayed."""
    lines: list[str] = []
    for row in changes:
        greeting = f" (HELO {plain(row['helo_name'])})" if row["helo_name"] else ""
        lines.append(
            f"{row['outcome'].upper():<15}  {plain(row['remote_ip'])}{greeting}, {row['message_count']:,} messages,"
            f" last {cell(row['last_at'])} UTC"
        )
        move = f"{plain(row['connector_before']) or 'unknown'} -> {plain(row['connector_after']) or 'none'}"
        for text in (
            move,
            plain(row["reason"]),
            "senders: " + (plain(", ".join(row["senders"] or [])) or "none (null sender)"),
        ):
            lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
        lines.append("")
    if not lines:
        calm = "No recorded mail would have been refused or taken by another connector."
        lines = [calm if replayed_count else "No recorded session could be replayed: this tells nothing.", ""]
    lines.append(f"Replayed: {replayed_count:,} sessions with mail")
    for row in left_out:
        counts = f"{row['session_count']:,} sessions with {row['message_count']:,} messages"
        lines.append(f"Not replayed: {counts}: {plain(row['reason'])}")
    return "\n".join(lines) + "\n"
