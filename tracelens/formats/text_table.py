"""Text tables: columns in fixed places above a rule of dashes (Format-Table), or values between tabs.

Source: Microsoft Learn, Format-Table: what does not fit is cut with `...`; numbers stand at the right of their column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from tracelens.formats.csv_lines import joined, split

RULE = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*")
NUMBER = re.compile(r"-?\d[\d.,'\u00a0\u202f]*")
FILLER = "\uffff"
"""Stands behind a sign that is two cells wide, so that places are cells."""
CUT = ("...", "…")


@dataclass(frozen=True)
class TextTable:
    """Names of the columns and, in a table by place, where each begins and ends; no places: tabs."""

    names: list[str]
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


def tabbed(line: str) -> TextTable | None:
    """Gives the columns of a line of names between tabs."""
    names = [name.strip() for name in line.split("\t")]
    is_names = len(names) > 1 and '"' not in line and len({*map(str.lower, names)}) == len(names)
    return TextTable(names) if is_names else None


def unquoted(lines: Sequence[str], at: int, width: int) -> tuple[list[str] | None, int]:
    """Gives the values of a row by tabs that a spreadsheet quoted, and the lines it takes; None for a plain row.

    A spreadsheet quotes what holds a quote, a tab or a line break; a value that merely stands in quotes is as it is.
    """
    line = lines[at].rstrip("\r")
    if '"' not in line:
        return None, 1
    if line.count('"') % 2:
        return joined(lines, at, width, "\t")
    row = split(line, "\t") if '""' in line or any(part.count('"') % 2 for part in line.split("\t")) else None
    return row, 1


def ruled(line: str, below: str) -> TextTable | None:
    """Gives the columns of a header with dashes below; the dashes are as long as the names."""
    if not RULE.fullmatch(below.rstrip("\r")) or "\t" in line:
        return None
    dashes = [match.span() for match in re.finditer(r"-{2,}", below)]
    names = [line[start:end].strip() for start, end in dashes]
    apart = len("".join(names)) + line.count(" ") - sum(name.count(" ") for name in names) == len(line)
    if not all(names) or len({*map(str.lower, names)}) != len(names) or not apart:
        return None
    return TextTable(names, tuple(start for start, _ in dashes), tuple(end for _, end in dashes))


def cells(line: str, table: TextTable, is_number: Callable[[str], bool]) -> dict[str, str] | str:
    """Gives the values of a line by name, or why it has none."""
    if not table.starts:
        return by_name(line.split("\t"), table)
    wide = (
        line
        if line.isascii()
        else "".join(f"{sign}{FILLER}" if east_asian_width(sign) in "WF" else sign for sign in line)
    )
    found = _placed(wide, table, is_number)
    if wide == line or isinstance(found, str):
        return found if wide == line else _placed(line, table, is_number)
    return {name: text.replace(FILLER, "") for name, text in found.items()}


def _is_at_left(line: str, table: TextTable, number: int) -> bool:
    """Tells whether a number stands at the left of its column, as a view of its own may have it."""
    start = table.starts[number]
    end = table.starts[number + 1] if number + 1 < len(table.names) else len(line)
    text = line[start:end]
    return bool(NUMBER.fullmatch(text.rstrip())) and (not start or line[start - 1].isspace())


def _placed(line: str, table: TextTable, is_number: Callable[[str], bool]) -> dict[str, str] | str:
    found, edge = {}, 0
    for number, name in enumerate(table.names):
        start = min(table.starts[number], len(line))
        end = len(line) if number + 1 == len(table.names) else min(table.starts[number + 1], len(line))
        if is_number(name) and _is_at_left(line, table, number):
            pass
        elif is_number(name):
            end = min(table.ends[number], len(line))
            digits = re.search(r"-?\d*$", line[edge:end])
            start = end - len(digits[0]) if digits else end
        elif (
            number + 1 < len(table.names)
            and is_number(table.names[number + 1])
            and not _is_at_left(line, table, number + 1)
        ):
            tail = re.search(r"\s-?\d*$", line[start : table.ends[number + 1]])
            end = start + tail.start() if tail else end
        if end < len(line) and end > start and line[end - 1 : end].strip() and line[end : end + 1].strip():
            return "does not stand under its header: the columns lost their places"
        found[name] = line[start:end].strip()
        edge = end
    return found


def by_name(parts: list[str], table: TextTable) -> dict[str, str] | str:
    """Gives values between tabs by name, or why there are none; a copy loses the empty ones at the end of a line."""
    if len(parts) > len(table.names) and any(part.strip() for part in parts[len(table.names) :]):
        return f"has {len(parts)} values where the header has {len(table.names)}"
    return dict(zip(table.names, parts + [""] * (len(table.names) - len(parts)), strict=False))
