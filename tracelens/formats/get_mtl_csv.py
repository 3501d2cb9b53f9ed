"""Get-MessageTrackingLog as Export-Csv writes it: quoted, with or without `#TYPE`, by comma, semicolon or tab.

Source: Microsoft Learn, Get-MessageTrackingLog and Export-Csv (NoTypeInformation, UseCulture, Delimiter).
"""

from __future__ import annotations

import csv
import io
import re

from tracelens.culture import is_time
from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.csv_lines import DELIMITERS
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import KNOWN, Item, is_header, is_talk, property_of, to_rows

DIGIT = re.compile(r"\d")
MAX_LINES = 5000
"""Lines one quoted value may run over: a list of recipients joined by line breaks."""


def recognise(head: str, _name: str) -> bool:
    """Tells by a header, below whatever stands above it, whether a text is an export of tracking results."""
    return any(line.strip() and _header(line) for line in head.split("\n")[:20])


def parse(source: Source) -> Parsed:
    """Reads an export; a quote that is never closed costs its own line only."""
    shown = physical(source.text)
    lines: list[str] = []
    rejects: dict[int, str] = {}
    items: list[Item] = []
    names: list[str] = []
    delimiter, filled, part, is_announced = ",", 0, 0, False
    while len(lines) < len(shown):
        number, line = len(lines) + 1, shown[len(lines)].rstrip("\r")
        header = None if names and not _is_like(line, names) else _header(line, bool(names))
        if not line.strip():
            lines.append("b")
        elif line.startswith("#TYPE") or header or (line.startswith(("#", "sep=")) and not names):
            names, delimiter = header or (names, delimiter)
            is_announced = line.startswith("#TYPE")
            lines.append("h")
            part += bool(header)
        elif not names:
            lines.append("h" if is_talk(line) else "r")
            if lines[-1] == "r":
                rejects[number] = "stands above the header"
        else:
            row, count, reason = _row(shown, number - 1, delimiter, names)
            is_announced = is_announced and not (row and is_time(row[_time_at(names)]))
            if is_announced and not DIGIT.search(line) and len(_cells(line, delimiter) or ()) > 1:
                names, is_announced = [], False  # the header of another table
                continue
            if (
                row is None
                and (number < len(shown) or source.text.endswith("\n"))
                and (row := _filled(line, delimiter, names))
            ):
                filled += 1
            if row is None and is_talk(line):
                lines.append("h")
            elif row is None:
                lines.append("r")
                rejects[number] = reason
            else:
                lines += ["e", *"c" * (count - 1)]
                items.append(Item(list(range(number, number + count)), dict(zip(names, row, strict=True)), part=part))
    read = to_rows(items, source.server, source.culture)
    for index, reason in read.wrong.items():
        first, *others = items[index].lines
        lines[first - 1], rejects[first] = "r", reason
        for other in others:
            lines[other - 1], rejects[other] = "r", f"belongs to line {first}: {reason}"
    said = f"{filled} rows end before the last columns: those are empty" if filled else ""
    return Parsed(read.rows, lines, rejects, "; ".join(filter(None, (read.assumed, said))))


def _filled(line: str, delimiter: str, names: list[str]) -> list[str] | None:
    """Gives a row that lacks its last columns, as a spreadsheet leaves out empty ones; None for any other."""
    cells = line.split(delimiter)
    place = _time_at(names)
    if '"' in line or not place < len(cells) < len(names) or not is_time(cells[place]):
        return None
    return cells + [""] * (len(names) - len(cells))


def _header(line: str, is_below: bool = False) -> tuple[list[str], str] | None:
    """Gives names and delimiter of a header; a line by tabs without any quote is `get_mtl_table`'s.

    Below another header, names that tell nothing by themselves (`Date`, `From`, `To`) are one too.
    """
    for delimiter in DELIMITERS:
        if delimiter == "\t" and '"' not in line:
            continue
        cells = _cells(re.sub(r"^\ufeff?#Fields:\s*", "", line.rstrip("\r"), flags=re.I), delimiter)
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells or len({cell.lower() for cell in cells}) < len(cells):
            continue
        if is_header(cells) or (is_below and _are_names(cells)):
            return cells, delimiter
    return None


def _are_names(cells: list[str]) -> bool:
    shown = {property_of(cell) for cell in cells}
    return len(shown) > 2 and "timestamp" in shown and shown <= KNOWN


def _is_like(line: str, names: list[str]) -> bool:
    return (
        line[:40].strip('"# \ufeff').lower().startswith(names[0].lower())
        or "timestamp" in line.lower()
        or line[:1] == "#"
        or not DIGIT.search(line)
    )


def _cells(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _row(shown: list[str], start: int, delimiter: str, names: list[str]) -> tuple[list[str] | None, int, str]:
    """Gives the row that begins at a line and the lines it stands on, or None and the reason."""
    text, quotes = "", 0
    for count in range(1, min(MAX_LINES, len(shown) - start) + 1):
        line = shown[start + count - 1]
        if count > 1 and _stands_alone(line, delimiter, names):
            return None, 1, "has a quote that is not closed"
        text += line if count == 1 else "\n" + line
        quotes += line.count('"')
        if "\0" in line:
            return None, 1, "holds NUL bytes"
        if quotes % 2:
            continue
        cells = _lenient(text.rstrip("\r"), delimiter)
        if cells is None:
            return None, 1, "has a misplaced quote"
        while len(cells) > len(names) and not cells[-1]:
            cells.pop()
        if len(cells) != len(names):
            return None, 1, f"has {len(cells)} values where the header has {len(names)}"
        return cells, count, ""
    return None, 1, "has a quote that is not closed"


def _lenient(text: str, delimiter: str) -> list[str] | None:
    """Parses a row with a line break as part of a value."""
    limit = csv.field_size_limit()
    if len(text) > limit:
        csv.field_size_limit(len(text))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _stands_alone(line: str, delimiter: str, names: list[str]) -> bool:
    """Tells whether a line is a whole row by itself, so that no value of the row above goes on in it."""
    if line.count(delimiter) < len(names) - 1 or line.count('"') % 2:
        return False
    cells = _cells(line.rstrip("\r"), delimiter)
    return cells is not None and len(cells) == len(names) and is_time(cells[_time_at(names)])


def _time_at(names: list[str]) -> int:
    return next(number for number, name in enumerate(names) if property_of(name) == "timestamp")


FORMAT = LogFormat(
    name="get_mtl_csv",
    title="Get-MessageTrackingLog | Export-Csv, any columns and delimiter, also as a spreadsheet saved it",
    table=TRACKING_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        """#TYPE Microsoft.Exchange.Management.TransportLogSearchTasks.MessageTrackingEvent
"Timestamp","ClientHostname","ServerHostname","SourceContext","Source","EventId","MessageId","Recipients","Sender"
"3/2/2026 9:00:05 AM","edge01","EX01","08DC0000000000A1;2026-03-02T08:00:04.500Z;0","SMTP","RECEIVE","<a1@example.com>","System.String[]","ann@example.com"
"3/2/2026 9:00:06 AM","EX01","EX02","","SMTP","SEND","<a1@example.com>","System.String[]","ann@example.com"
""",
        """"Timestamp";"EventId";"Source";"ServerHostname";"MessageId";"Recipients";"MessageSubject"
"13.03.2026 09:00:05";"DELIVER";"STOREDRIVER";"EX01";"<a1@example.com>";"bob@contoso.com
carol@contoso.com";"One; two"
""",
        '"Timestamp"\t"EventId"\t"Source"\t"ServerHostname"\t"MessageId"\r\n'
        '"2026-03-02 09:00:05"\t"RECEIVE"\t"SMTP"\t"EX01"\t"<a1@example.com>"\r\n',
    ),
)
