"""What a case file holds, and its readable part: one HTML page without script, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tracelens import __version__
from tracelens.delay import took
from tracelens.render import cell, page

Row = dict[str, Any]
SIGNS = {"+": "connect", "-": "disconnect", "*": "note", ">": "sent", "<": "received"}
PAGE_ROWS = 2000
FACTS = (
    "message_id", "message_key", "sender_address", "message_subject", "status", "first_at", "message_bytes",
    "origin_ip",
)  # fmt: skip
COUNTED = {
    "finding": "findings", "message": "messages", "hop": "hops", "leg": "recipients", "gap": "gaps",
    "session": "conversations", "smtp_event": "protocol log rows", "tracking_event": "message tracking rows",
    "log_file": "files",
}  # fmt: skip
HOP = {
    "hop_number": "hop", "kind": "kind", "from": "from", "to": "to", "receive_connector": "connector",
    "started_at": "started (UTC)", "took": "took", "outcome": "outcome", "reply_text": "answer", "basis": "basis",
}  # fmt: skip
LEG = {
    "recipient_address": "recipient", "status": "status", "final_at": "at (UTC)", "total_ms": "ms",
    "reason_code": "code", "reason_text": "reason",
}  # fmt: skip
GAP = {
    "after_hop": "after hop", "server": "server", "service": "service", "log": "log", "hour": "hour", "reason": "why",
}  # fmt: skip
EVENT = {
    "file_number": "file", "line_number": "line", "date_time": "time (UTC)", "event": "step", "data": "data",
    "context": "context",
}  # fmt: skip
TRACKED = {
    "file_number": "file", "line_number": "line", "date_time": "time (UTC)", "server": "server", "event_id": "event",
    "source": "source", "connector_id": "connector", "message_id": "message-id", "recipient_address": "recipients",
    "recipient_status": "recipient status", "source_context": "source context",
}  # fmt: skip
FILE = {
    "file_number": "file", "path": "path", "format": "format", "line_count": "lines", "reject_count": "rejects",
    "content_hash": "content hash (BLAKE2b)",
}  # fmt: skip
COVERAGE = {
    "server": "server", "log": "log", "service": "service", "day": "day", "hours_with_rows": "hours with rows",
    "event_count": "rows",
}  # fmt: skip


@dataclass
class Case:
    """What a case file holds.

    Attributes:
        tables: Rows by name: message, hop, leg, gap, session, smtp_event, tracking_event, finding, log_file, coverage.
        sql: Name and text of each question that found them.
        is_plain: Names are as logged.
        cut: Tables of which not all rows are in it.
    """

    tables: dict[str, list[Row]]
    sql: dict[str, str]
    is_plain: bool
    cut: list[str] = field(default_factory=list)


def case_html(case: Case) -> str:
    """Gives the page of a case."""
    tables = case.tables
    talks: dict[str | None, list[Row]] = {}
    for row in tables["smtp_event"]:
        talks.setdefault(row["session_key"], []).append(_step(row))
    return page(
        "tracelens",
        "casepage.html.j2",
        version=__version__,
        is_plain=case.is_plain,
        cut=case.cut,
        counts=[(word, len(tables[name])) for name, word in COUNTED.items() if tables[name]],
        findings=[_finding(row) for row in tables["finding"]],
        messages=[_message(row, tables) for row in tables["message"]],
        sessions=[_session(row, talks.get(row["session_key"], [])) for row in tables["session"]],
        lone=grid(talks.get(None, [])[:PAGE_ROWS], EVENT),
        tracking=grid(tables["tracking_event"][:PAGE_ROWS], TRACKED),
        files=grid(tables["log_file"], FILE),
        coverage=grid(tables["coverage"], COVERAGE),
        sql=sorted(case.sql.items()),
    )


def grid(rows: Sequence[Row], columns: dict[str, str]) -> dict[str, Any]:
    """Gives headings and cells as texts with control characters made visible."""
    return {"columns": list(columns.values()), "rows": [[cell(row.get(name)) for name in columns] for row in rows]}


def _finding(row: Row) -> Row:
    names = ("severity", "title", "summary", "advice", "rule_id", "finding_key", "hit_count", "first_at", "last_at")
    places = [f"{place['file_number']}:{place['line_number']}" for place in row["evidence"]]
    return {**{name: cell(row[name]) for name in names}, "places": ", ".join(places)}


def _message(row: Row, tables: dict[str, list[Row]]) -> Row:
    def own(name: str) -> list[Row]:
        return [entry for entry in tables[name] if entry["message_key"] == row["message_key"]]

    hops = [{**hop, "from": _end(hop, "from"), "to": _end(hop, "to"), "took": took(hop)} for hop in own("hop")]
    facts = [(name.replace("_", " "), cell(row[name])) for name in FACTS if row[name] not in (None, "")]
    return {"facts": facts, "hops": grid(hops, HOP), "legs": grid(own("leg"), LEG), "gaps": grid(own("gap"), GAP)}


def _end(hop: Row, side: str) -> str:
    port = f":{hop['to_port']}" if side == "to" and hop["to_port"] else ""
    names = (hop[f"{side}_server"], hop[f"{side}_service"], hop[f"{side}_ip"])
    return " ".join(str(name) for name in names if name) + port


def _session(row: Row, own: Sequence[Row]) -> Row:
    title = f"{cell(row['opened_at'])} {row['server']} {row['service']} {row['direction']}, {row['connector_id']}"
    peer = f"{row['remote_ip']}:{row['remote_port']}, HELO {row['helo_name'] or '?'}, {len(own)} rows"
    left = max(len(own) - PAGE_ROWS, 0)
    return {"title": cell(title), "peer": cell(peer), "steps": grid(own[:PAGE_ROWS], EVENT), "left": left}


def _step(event: Row) -> Row:
    return {**event, "event": SIGNS.get(event["event"], event["event"])}
