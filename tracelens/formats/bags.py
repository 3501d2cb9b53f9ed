"""Objects of a PowerShell listing as bags of properties: from Format-List text and from Export-Csv.

Source: Microsoft Learn, Format-List, Export-Csv (`#TYPE` line, delimiter of the culture); formats.md 5.1 and 5.3.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from itertools import pairwise

from tracelens.formats.text_table import RULE, TextTable, cells, ruled

LABEL = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,80}(?: [A-Z][A-Za-z]{1,30}){0,3}) *(?<= ):(?: (.*))?$")
PROMPT = re.compile(r"\s*(?:\[PS\]|PS)\s[^>]{0,300}>|\s*>>|-{3,}\s*$")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,80}$")
DELIMITERS = (",", ";", "\t")


@dataclass
class Bag:
    """One object.

    Attributes:
        line_number: Where it begins.
        values: Text or list by property name as written.
        type: Type names as written, empty where the text has none.
        line_count: Physical lines it takes.
    """

    line_number: int
    values: dict[str, str | list[str] | None] = field(default_factory=dict)
    type: str = ""
    line_count: int = 1


@dataclass
class Listing:
    """All objects of a text, with what each physical line is, and what was taken for granted."""

    bags: list[Bag]
    lines: list[str]
    rejects: dict[int, str] = field(default_factory=dict)
    assumed: str = ""

    def reject(self, number: int, reason: str) -> None:
        """Counts a line as unreadable."""
        self.lines[number - 1] = "r"
        self.rejects[number] = reason


def physical(text: str) -> list[str]:
    """Gives the physical lines, counted as the law counts them."""
    lines = text.split("\n")
    return lines[:-1] if text.endswith("\n") else lines


def list_names(text: str) -> set[str]:
    """Gives the labels of a Format-List text, in lower case."""
    found = (LABEL.match(line.rstrip()) for line in physical(text))
    return {match.group(1).lower() for match in found if match}


def read_list(text: str) -> Listing:
    """Reads Format-List text; wrapped values are joined, a new object begins after a blank line or at a known label."""
    lines = physical(text)
    listing = Listing([], ["b"] * len(lines))
    width = max(map(len, lines), default=0)
    is_spaced = _is_double_spaced(lines)
    bag, label, is_new, parts = None, "", True, [""]
    for number, line in enumerate(lines, 1):
        bare = line.rstrip()
        if not bare:
            is_new, label = is_new or not is_spaced, label if is_spaced else ""
            continue
        match = LABEL.match(bare)
        if match:
            if bag is None or is_new or match.group(1) in bag.values:
                bag = Bag(number)
                listing.bags.append(bag)
            label, is_new, parts = match.group(1), False, [match.group(2) or ""]
            bag.values[label] = parts[0].strip()
            listing.lines[number - 1] = "e" if bag.line_number == number else "c"
        elif label and bag is not None and line[:1] in " \t":
            parts.append(("" if len(lines[number - 2]) == width else " ") + bare.strip())
            bag.values[label] = "".join(parts).strip()
            listing.lines[number - 1] = "c"
        elif PROMPT.match(line):
            listing.lines[number - 1], is_new, label = "h", True, ""
        else:
            listing.reject(number, "neither a property nor the rest of one")
            label = ""
        if bag is not None and listing.lines[number - 1] in "ec":
            bag.line_count = number - bag.line_number + 1
    return listing


def _is_double_spaced(lines: list[str]) -> bool:
    """Tells whether a page put a blank line after every line."""
    labels = [place for place, line in enumerate(lines) if LABEL.match(line.rstrip())]
    apart = sum(later - place == 2 and not lines[place + 1].strip() for place, later in pairwise(labels))
    return len(labels) > 3 and apart > 0.8 * (len(labels) - 1)


def read_table(text: str) -> Listing:
    """Reads Format-Table text; a row that does not stand under its header costs its own line only."""
    lines = physical(text)
    listing = Listing([], ["b" if not line.strip() else "h" for line in lines])
    table: TextTable | None = None
    for number, line in enumerate(lines, 1):
        found = ruled(line.rstrip(), lines[number] if number < len(lines) else "")
        table = found or table
        if found or not line.strip() or RULE.fullmatch(line.rstrip()) or PROMPT.match(line):
            continue
        values = cells(line.rstrip(), table, _is_size) if table else "stands above the table"
        if isinstance(values, dict) and sum(map(bool, values.values())) < 2:
            values = "is no row of the table"
        if isinstance(values, str):
            listing.reject(number, values)
            continue
        listing.bags.append(Bag(number, dict(values)))
        listing.lines[number - 1] = "e"
    return listing


def table_names(text: str) -> list[str]:
    """Gives the names of the first table that Format-Table wrote; none: there is none."""
    tables = (ruled(line.rstrip(), below) for line, below in pairwise([*physical(text)[:200], ""]))
    return next((table.names for table in tables if table), [])


def _is_size(name: str) -> bool:
    return name.lower() == "size"


def csv_header(text: str) -> tuple[list[str], str, int, str]:
    """Gives names, delimiter, number of the header line and the type of an Export-Csv text; no names: it is none."""
    kind = ""
    for number, line in enumerate(physical(text)[:20], 1):
        if line.startswith("#TYPE "):
            kind = line[6:].strip()
        elif line.strip():
            names, delimiter = _names(line)
            return names, delimiter, number if names else 0, kind
    return [], ",", 0, kind


def _names(line: str) -> tuple[list[str], str]:
    """Gives the names that a line holds and the mark between them; no names: it is no header."""
    for delimiter in DELIMITERS:
        names = [name.strip() for name in _row(line, delimiter) or []]
        if len(names) > 1 and all(map(NAME.match, names)) and len({*map(str.lower, names)}) == len(names):
            return names, delimiter
    return [], ","


def _new_header(line: str, names: list[str], is_announced: bool) -> tuple[list[str], str]:
    """Gives names and mark of a header below the first one: most of its names are known, or `#TYPE` stands above it."""
    found, delimiter = _names(line.rstrip("\r"))
    known = {*map(str.lower, names)} & {*map(str.lower, found)}
    return (found, delimiter) if found and (is_announced or len(known) * 2 > len(found)) else ([], ",")


def _row(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def read_csv(text: str) -> Listing:
    """Reads Export-Csv text, columns by the newest header; a row that cannot be read costs its own line only."""
    lines = physical(text)
    names, delimiter, header, kind = csv_header(text)
    listing = Listing([], ["b" if not line.strip() else "h" for line in lines])
    at, is_announced = header, False
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if lines[at].startswith("#TYPE "):
            kind, is_announced, at = lines[at][6:].strip(), True, at + 1
            continue
        again, mark = _new_header(lines[at], names, is_announced)
        is_announced = False
        if again:
            names, delimiter, at = again, mark, at + 1
            continue
        until, is_open = at, lines[at].count('"') % 2 == 1
        while is_open and until + 1 < len(lines):
            until += 1
            is_open ^= lines[until].count('"') % 2 == 1
        row = None if is_open else _row_of(lines[at : until + 1], delimiter)
        if row is None or len(row) != len(names):
            reason = (
                "has an unbalanced or misplaced quote" if row is None else f"has {len(row)} fields, not {len(names)}"
            )
            listing.reject(at + 1, reason)
            at += 1
        else:
            values: dict[str, str | list[str] | None] = dict(zip(names, (value.strip() for value in row), strict=True))
            listing.bags.append(Bag(at + 1, values, kind, until - at + 1))
            listing.lines[at : until + 1] = ["e"] + ["c"] * (until - at)
            at = until + 1
    return listing


def _row_of(lines: list[str], delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader([line + "\n" for line in lines], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
