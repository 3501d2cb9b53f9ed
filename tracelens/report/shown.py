"""Values and headings of report rows as a reader wants them; units come from the column names."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from tracelens.delay import duration
from tracelens.render import plain
from tracelens.story import size

if TYPE_CHECKING:
    import polars as pl

UNITS = ("_ms", "_bytes")
WORDS = {"_at": " (UTC)", "_from": " from (UTC)", "_until": " until (UTC)"}


def heading(column: str) -> str:
    """Gives a column's name for readers, e.g. `first_at` as `first (UTC)`."""
    for suffix in UNITS:
        column = column.removesuffix(suffix)
    for suffix, word in WORDS.items():
        if column.endswith(suffix):
            return column.removesuffix(suffix).replace("_", " ") + word
    return column.replace("_", " ")


def value(column: str, held: object) -> str:
    """Gives one value as text; control characters are made visible."""
    if held is None:
        return ""
    if isinstance(held, datetime):
        return held.isoformat(" ", "seconds")
    if isinstance(held, date):
        return held.isoformat()
    if isinstance(held, bool):
        return "yes" if held else "no"
    if isinstance(held, list):
        return ", ".join(value(column, part) or "<>" for part in held)
    if isinstance(held, int | float):
        return number(held, column)
    return plain(held)


def number(held: float, column: str = "") -> str:
    """Gives a number in the unit that the end of a column's name, or a unit itself, says."""
    if column.endswith("ms") and (column == "ms" or column.endswith("_ms")):
        return duration(held)
    if column.endswith("bytes"):
        return size(held)
    if column.endswith("share"):
        return f"{held:.0%}" if held in {0, 1} or 0.01 <= held <= 0.99 else f"{held:.1%}"
    if isinstance(held, int):
        return f"{held:,}"
    if abs(held) >= 100 or float(held).is_integer():
        return f"{held:,.0f}"
    return f"{held:,.1f}" if abs(held) >= 1 else f"{held:.2g}"


def grid(frame: pl.DataFrame) -> tuple[list[str], list[bool], list[list[str]]]:
    """Gives headings, whether each column holds numbers, and the rows as texts."""
    numeric = [kind.is_numeric() for kind in frame.dtypes]
    rows = [[value(column, held) for column, held in zip(frame.columns, row, strict=True)] for row in frame.iter_rows()]
    return [heading(column) for column in frame.columns], numeric, rows
