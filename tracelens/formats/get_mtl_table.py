r"""Get-MessageTrackingLog as a table: by Format-Table in columns of a fixed place, or by tabs as copied from a sheet.

Source: Microsoft Learn, Get-MessageTrackingLog and Format-Table; traps as in formats.md 5.1. Format-Table cuts what does
not fit with `...`; numbers stand at the right of their column.
"""

from __future__ import annotations

from itertools import pairwise

from tracelens.culture import is_time
from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.text_table import CUT, RULE, TextTable, by_name, cells, ruled, tabbed, unquoted
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import COLUMNS, NUMBERS, Item, is_header, is_talk, property_of, to_rows

DEFAULT_VIEW = {"eventid", "source", "sender", "recipients", "messagesubject"}


def recognise(head: str, _name: str) -> bool:
    """Tells by the names above a rule of dashes, or between tabs, whether a text is a table of tracking results."""
    lines = [line.rstrip("\r") for line in head.split("\n")[:200]]
    return any(_tabbed(line) or _ruled(line, below) for line, below in pairwise([*lines, ""]))


def parse(source: Source) -> Parsed:
    """Reads tables; one without times gives rejects only."""
    shown = physical(source.text)
    lines: list[str] = []
    rejects: dict[int, str] = {}
    items: list[Item] = []
    table: TextTable | None = None
    is_open, part = False, 0
    while len(lines) < len(shown):
        number = len(lines) + 1
        line = shown[number - 1].rstrip("\r")
        found = _tabbed(line) or _ruled(line, shown[number] if number < len(shown) else "")
        if not line.strip():
            lines.append("b")
            is_open = False
        elif found or RULE.fullmatch(line) or is_talk(line):
            table, is_open = found or table, False
            part += bool(found)
            lines.append("h")
        elif table is None:
            lines.append("r")
            rejects[number] = "stands above the table"
        else:
            row, used = (None, 1) if table.starts else unquoted(shown, number - 1, len(table.names))
            values = by_name(row, table) if row else cells(line, table, _is_number)
            if isinstance(values, str):
                lines.append("r")
                rejects[number] = values
                is_open = False
            elif is_open and not _time(values) and table.starts and line[:1] == " ":
                _go_on(items[-1], values, number)
                lines.append("c")
            else:
                items.append(Item(list(range(number, number + used)), values, part=part))
                lines += ["e", *"c" * (used - 1)]
                is_open = True
    for item in items:
        item.cut = {name for name, text in item.values.items() if text.endswith(CUT) and text[:1] != "{"}
    read = to_rows(items, source.server, source.culture)
    timeless = table is not None and not any(property_of(name) == "timestamp" for name in table.names)
    for index, fault in read.wrong.items():
        first, *others = items[index].lines
        reason = "the table has no Timestamp column; use | Format-List or | Export-Csv" if timeless else fault
        lines[first - 1], rejects[first] = "r", reason
        for other in others:
            lines[other - 1], rejects[other] = "r", f"belongs to line {first}: {reason}"
    return Parsed(read.rows, lines, rejects, read.assumed)


def _tabbed(line: str) -> TextTable | None:
    table = tabbed(line)
    return table if table and is_header(table.names) else None


def _ruled(line: str, below: str) -> TextTable | None:
    table = ruled(line, below)
    if table is None:
        return None
    shown = {name.lower() for name in table.names} & DEFAULT_VIEW
    return table if is_header(table.names) or len(shown) >= 4 else None


def _is_number(name: str) -> bool:
    return COLUMNS.get(property_of(name)) in NUMBERS


def _time(values: dict[str, str]) -> bool:
    return any(is_time(text) for name, text in values.items() if property_of(name) == "timestamp")


def _go_on(item: Item, values: dict[str, str], number: int) -> None:
    """Adds a further line of a wrapped row."""
    item.lines.append(number)
    for name, text in values.items():
        if text:
            gap = (
                " "
                if COLUMNS.get(property_of(name)) in (None, "date_time", "message_subject", "source_context")
                else ""
            )
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
