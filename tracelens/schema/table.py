"""What a table and a column are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: name, DuckDB type, meaning."""

    name: str
    type: str
    doc: str = ""


@dataclass(frozen=True)
class Table:
    """One table: name, what a row is, columns, and whether events, ledger or models fill it."""

    name: str
    doc: str
    kind: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


def columns(text: str) -> tuple[Column, ...]:
    """Reads `name type | meaning` lines."""
    found = []
    for line in text.strip().splitlines():
        head, _, doc = line.partition("|")
        name, _, kind = head.strip().partition(" ")
        found.append(Column(name, kind.strip(), doc.strip()))
    return tuple(found)
