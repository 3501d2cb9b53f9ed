r"""Get-MessageTrackingLog as a table: by Format-Table in columns of a fixed place, or by tabs as copied from a sheet.

Source: Microsoft Learn, Get-MessageTrackingLog and Format-Table; traps as in formats.md 5.1. Format-Table cuts what does
not fit with `...`; numbers stand at the right of their column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from tracelens.culture import is_time
from tracelens.formats import LogFormat, Parsed, Source
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import COLUMNS, NUMBERS, Item, is_header, is_talk, to_rows

RULE = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*")
CUT = ("...", "…")
DEFAULT_VIEW = {"eventid", "source", "sender", "recipients", "messagesubject"}


@dataclass(frozen=True)
class _Table:
    """Names of the columns and, in a table by place, where each begins and ends; no places: tabs."""

    names: list[str]
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


def recognise(head: str, _name: str) -> bool:
    """Tells by the names above a rule of dashes, or between tabs, whether a text is a table of tracking results."""
    lines = [line.rstrip("\r") for line in head.split("\n")[:200]]
    return any(_tabbed(line) or _ruled(line, below) for line, below in pairwise([*lines, ""]))


def parse(source: Source) -> Parsed:
    """Reads tables; one without times gives rejects only."""
    physical = source.text.split("\n")[: None if not source.text.endswith("\n") else -1]
    lines: list[str] = []
    rejects: dict[int, str] = {}
    items: list[Item] = []
    table: _Table | None = None
    is_open = False
    for number, raw in enumerate(physical, 1):
        line = raw.rstrip("\r")
        found = _tabbed(line) or _ruled(line, physical[number] if number < len(physical) else "")
        if not line.strip():
            lines.append("b")
            is_open = False
        elif found or RULE.fullmatch(line) or is_talk(line):
            table, is_open = found or table, False
            lines.append("h")
        elif table is None:
            lines.append("r")
            rejects[number] = "stands above the table"
        else:
            cells = _cells(line, table)
            if isinstance(cells, str):
                lines.append("r")
                rejects[number] = cells
                is_open = False
            elif is_open and not _time(cells) and table.starts and line[:1] == " ":
                _go_on(items[-1], cells, number)
                lines.append("c")
            else:
                items.append(Item([number], cells))
                lines.append("e")
                is_open = True
    for item in items:
        item.cut = {name for name, text in item.values.items() if text.endswith(CUT) and text[:1] != "{"}
    read = to_rows(items, source.server, source.culture)
    timeless = table is not None and not any(name.lower() == "timestamp" for name in table.names)
    for index, fault in read.wrong.items():
        first, *others = items[index].lines
        reason = "the table has no Timestamp column; use | Format-List or | Export-Csv" if timeless else fault
        lines[first - 1], rejects[first] = "r", reason
        for other in others:
            lines[other - 1], rejects[other] = "r", f"belongs to line {first}: {reason}"
    return Parsed(read.rows, lines, rejects, read.assumed)


def _tabbed(line: str) -> _Table | None:
    names = [name.strip() for name in line.split("\t")]
    is_names = len(names) > 1 and '"' not in line and is_header(names) and len({*map(str.lower, names)}) == len(names)
    return _Table(names) if is_names else None


def _ruled(line: str, below: str) -> _Table | None:
    """Gives the columns of a header with dashes below; the dashes are as long as the names."""
    if not RULE.fullmatch(below.rstrip("\r")) or "\t" in line:
        return None
    dashes = [match.span() for match in re.finditer(r"-{2,}", below)]
    names = [line[start:end].strip() for start, end in dashes]
    lower = {name.lower() for name in names}
    if not all(names) or len(lower) != len(names) or len(names) != len(line.split()):
        return None
    if not is_header(names) and len(lower & DEFAULT_VIEW) < 4:
        return None
    return _Table(names, tuple(start for start, _ in dashes), tuple(end for _, end in dashes))


def _cells(line: str, table: _Table) -> dict[str, str] | str:
    """Gives the values of a line by name, or why it has none."""
    if not table.starts:
        parts = line.split("\t")
        if len(parts) > len(table.names) and any(part.strip() for part in parts[len(table.names) :]):
            return f"has {len(parts)} values where the header has {len(table.names)}"
        # a copy loses the empty cells at the end of a line
        parts += [""] * (len(table.names) - len(parts))
        return dict(zip(table.names, parts, strict=False))
    cells, edge = {}, 0
    for number, name in enumerate(table.names):
        start = min(table.starts[number], len(line))
        end = len(line) if number + 1 == len(table.names) else min(table.starts[number + 1], len(line))
        if COLUMNS.get(name.lower()) in NUMBERS:
            end = min(table.ends[number], len(line))
            digits = re.search(r"\d*$", line[edge:end])
            start = end - len(digits[0]) if digits else end
        elif number + 1 < len(table.names) and COLUMNS.get(table.names[number + 1].lower()) in NUMBERS:
            tail = re.search(r"\s\d*$", line[start : table.ends[number + 1]])
            end = start + tail.start() if tail else end
        if end < len(line) and end > start and line[end - 1 : end].strip() and line[end : end + 1].strip():
            return "does not stand under its header: the columns lost their places"
        cells[name] = line[start:end].strip()
        edge = end
    return cells


def _time(cells: dict[str, str]) -> bool:
    return any(is_time(text) for name, text in cells.items() if name.lower() == "timestamp")


def _go_on(item: Item, cells: dict[str, str], number: int) -> None:
    """Adds a further line of a wrapped row."""
    item.lines.append(number)
    for name, text in cells.items():
        if text:
            gap = " " if COLUMNS.get(name.lower()) in (None, "date_time", "message_subject", "source_context") else ""
            item.values[name] = f"{item.values[name]}{gap}{text}" if item.values[name] else text


FORMAT = LogFormat(
    name="get_mtl_table",
    title="Get-MessageTrackingLog | Format-Table, or copied with tabs",
    table=TRACKING_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        """Timestamp           EventId Source      ServerHostname MessageId        TotalBytes MessageSubject
---------           ------- ------      -------------- ---------        ---------- --------------
13-03-26 09:00:05   RECEIVE SMTP        EX01           <a1@example.com>       2048 Hello
13-03-26 09:00:06   DELIVER STOREDRIVER EX01           <a1@example.c...    2212048 Hello again, this is a long o...
""",
        "Timestamp\tEventId\tSource\tServerHostname\tSourceContext\tMessageId\tRecipients\r\n"
        "02/03/2026 09:00:05\tRECEIVE\tSMTP\tEX01\t08DC0000000000A1;2026-03-02T08:00:04.500Z;0\t<a1@example.com>\t"
        "bob@contoso.com carol@contoso.com\r\n",
    ),
)
