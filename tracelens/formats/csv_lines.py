"""Delimited text to rows without losing sight of its physical lines; damage costs only the damaged lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

DELIMITERS = (",", ";", "\t", "|")
FARTHEST = 200


def split(text: str, delimiter: str) -> list[str] | None:
    """Gives the fields of one record, None where its quotes do not close."""
    if text.count('"') % 2:
        return None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def records(
    lines: Sequence[str], first: int, width: int, delimiter: str
) -> Iterator[tuple[int, int, list[str] | None, str]]:
    """Gives each record from a line on: its index, how many lines it takes, its fields or None with the reason.

    A quote left open is looked for on the next lines, until one of them is a record by itself.
    """
    at = first
    while at < len(lines):
        line = lines[at].rstrip("\r")
        if not line.strip():
            yield at, 1, [], ""
            at += 1
            continue
        row, used, reason = split(line, delimiter), 1, "has an unbalanced or misplaced quote"
        if "\0" in line:
            row, reason = None, "holds NUL bytes"
        elif row is None and line.count('"') % 2:
            row, used = joined(lines, at, width, delimiter)
        yield at, used, row, "" if row is not None else reason
        at += used


def joined(lines: Sequence[str], at: int, width: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Gives the record that begins at a line with an open quote and the lines it takes; None where it does not close."""
    text = lines[at].rstrip("\r")
    for used in range(2, min(FARTHEST, len(lines) - at) + 1):
        piece = lines[at + used - 1].rstrip("\r")
        if "\0" in piece:
            break
        if not piece.count('"') % 2 and len(split(piece, delimiter) or ()) == width:
            break
        text += "\n" + piece
        if piece.count('"') % 2:
            row = split(text, delimiter)
            return (row, used) if row is not None and len(row) == width else (None, 1)
    return None, 1
