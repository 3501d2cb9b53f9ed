"""Which tables of a store are handed on, and the SELECT of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracelens.errors import UsageError
from tracelens.query import question
from tracelens.schema import TABLES
from tracelens.store import literal

TIMES = (
    "date_time", "moment", "opened_at", "started_at", "answered_at", "first_at", "final_at", "hour",
)  # fmt: skip
"""Columns that say when a row happened; the first one a table has counts."""

INNER = ("segment",)
"""Tables that mean something inside the store only."""


@dataclass(frozen=True)
class Source:
    """One table to hand on.

    Attributes:
        name: Its name.
        columns: Names and DuckDB types.
        time: Column that says when a row happened; None for the ledger and for tables without one.
    """

    name: str
    columns: Sequence[tuple[str, str]]
    time: str | None

    def sql(self, since: datetime | None, until: datetime | None, extra: str = "") -> str:
        """Gives the SELECT of the rows of a window; a table without a time comes whole."""
        listed = [
            f'cast("{name}" as bigint) as "{name}"' if kind == "HUGEINT" else f'"{name}"' for name, kind in self.columns
        ]
        listed += [extra] if extra else []
        return f'select {", ".join(listed)} from "{self.name}"' + self.window(since, until)

    def window(self, since: datetime | None, until: datetime | None) -> str:
        """Gives the WHERE of a window; empty where there is none."""
        if not self.time:
            return ""
        bounds = ((">=", since), ("<", until))
        told = [f'"{self.time}" {sign} timestamp {literal(moment)}' for sign, moment in bounds if moment]
        return f" where {' and '.join(told)}" if told else ""


def sources(con: Any, names: Sequence[str] = ()) -> list[Source]:
    """Gives the tables of an open store, or those named.

    Raises:
        UsageError: A name is none of them.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in con.execute(question("table"), {"table": ""}).fetchall():
        found.setdefault(table, []).append((column, kind))
    unknown = [name for name in names if name not in found]
    if unknown:
        raise UsageError(f"no table '{unknown[0]}'", hint="names: tracelens schema")
    chosen = list(dict.fromkeys(names)) or [name for name in found if name not in INNER]
    return [Source(name, found[name], _time(name, [column for column, _ in found[name]])) for name in chosen]


def _time(table: str, columns: Sequence[str]) -> str | None:
    known = TABLES.get(table)
    if known and known.kind == "ledger":
        return None
    return next((name for name in TIMES if name in columns), None)
