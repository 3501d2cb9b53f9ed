"""SMTP protocol logs as another tool wrote them anew: Import-Csv with Export-Csv, LogParser, a query of a collector.

The header names the columns, in any order, with any mark between them and further ones beside. Source: formats.md 1.6
(fields); Microsoft Learn, Export-Csv.
"""

from __future__ import annotations

import json
from functools import partial

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.csv_lines import DELIMITERS, records, split
from tracelens.formats.exo_time import absolute
from tracelens.formats.pasted_log import MARKS, side
from tracelens.formats.pasted_rows import name_servers, smtp_row
from tracelens.schema import SMTP_EVENT, SMTP_FIELDS
from tracelens.tracking_export import OF_REMOTING

NEEDED = {"date-time", "session-id", "event", "data"}
BEGIN = 20
"""Lines among which the header stands."""


def recognise(head: str, name: str, direction: str = "") -> bool:
    """Tells by a header that is not the log's own; that one is read as a log."""
    lines = head.split("\n")
    for at, line in enumerate(lines[:BEGIN]):
        names, delimiter = _header(line)
        if names:
            row = split(lines[at + 1].rstrip("\r"), delimiter) if at + 1 < len(lines) else None
            connector = dict(zip(names, row or (), strict=False)).get("connector-id", "")
            return (names != list(SMTP_FIELDS) or delimiter != ",") and side(name, connector) == f"smtp_{direction}"
        if line.strip() and not line.startswith(("#TYPE", "sep=")):
            break
    return False


def _header(line: str) -> tuple[list[str], str]:
    """Gives the names of the columns, as the log has them, and the mark between them; no names: it is no header."""
    for delimiter in DELIMITERS:
        cells = split(line.rstrip("\r").lstrip("\ufeff"), delimiter) or []
        names = [cell.strip().lower().replace("_", "-") for cell in cells]
        if set(names) >= NEEDED and len(set(names)) == len(names):
            return names, delimiter
    return [], ","


def parse(source: Source, direction: str = "send") -> Parsed:
    """Reads rows by the newest header; a row that is none costs its own lines."""
    lines = physical(source.text)
    parsed = Parsed([], [])
    names: list[str] = []
    delimiter, at = ",", 0
    while at < len(lines):
        found, mark = _header(lines[at])
        if found:
            names, delimiter = found, mark
        if found or not names or not lines[at].strip() or lines[at].startswith("#TYPE"):
            is_head = found or lines[at].startswith(("#TYPE", "sep="))
            parsed.lines.append("h" if is_head else "b" if not lines[at].strip() else "r")
            if parsed.lines[-1] == "r":
                parsed.rejects[at + 1] = "stands above the header"
            at += 1
            continue
        _, used, row, reason = next(records(lines, at, len(names), delimiter))
        reason = reason or _add(parsed, row or [], names, at + 1, direction)
        parsed.lines += ["r"] * used if reason else ["e", *"c" * (used - 1)]
        if reason:
            parsed.rejects |= dict.fromkeys(range(at + 1, at + 1 + used), reason)
        at += used
    name_servers(parsed.rows, source.server, direction)
    return parsed


def _add(parsed: Parsed, row: list[str], names: list[str], number: int, direction: str) -> str:
    """Adds a row's event, or gives why it is none."""
    if len(row) != len(names):
        return f"has {len(row)} fields where the header has {len(names)}"
    held = dict(zip(names, row, strict=True))
    if absolute(held["date-time"]) is None:
        return "has no readable date-time"
    if held["event"].strip() not in MARKS:
        return "has no event mark"
    made = smtp_row({name: held.get(name, "").strip() for name in SMTP_FIELDS}, direction)
    extra = {
        name: value
        for name, value in held.items()
        if value and name not in SMTP_FIELDS and name.replace("-", "") not in OF_REMOTING
    }
    made["extra"] = json.dumps(extra, ensure_ascii=False) if extra else None
    parsed.rows.append({**made, "line_number": number})
    return ""


FORMATS = tuple(
    LogFormat(
        name=f"smtp_{direction}_csv",
        title=f"SMTP {direction} logs as another tool wrote them, columns in any order",
        table=SMTP_EVENT,
        recognise=partial(recognise, direction=direction),
        parse=partial(parse, direction=direction),
        samples=(
            '"event","data","context","date-time","connector-id","session-id","sequence-number","local-endpoint",'
            f'"remote-endpoint","PSComputerName"\n"+","","","2026-03-02T08:00:00.000Z","{connector}","08DC0000000000A1",'
            '"0","192.0.2.1:25","198.51.100.7:4100","ex01"\n',
        ),
    )
    for direction, connector in (("receive", "EX01\\Default Frontend EX01"), ("send", "To Internet"))
)
