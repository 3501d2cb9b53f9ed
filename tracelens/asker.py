"""What answers the questions of rules: DuckDB over the open database, or the engine that built the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tracelens.schema import Table
from tracelens.store import check_question, fill_table, lock_down

Answer = tuple[list[str], list[tuple[Any, ...]]]


class Asker(Protocol):
    """Answers SELECTs of DuckDB's dialect over the tables of a build."""

    def ask(self, sql: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Gives the names of the columns, and the rows in the order asked for.

        Raises:
            QueryError: It is not one SELECT.
        """

    def give(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows into a table, in the open database too."""

    def keep(self, name: str, sql: str, order: str) -> None:
        """Makes the answer to a question a table, for the questions that follow."""

    def settle(self) -> None:
        """Ends what gives and keeps: from here on questions only."""


class Here:
    """DuckDB over the open database."""

    def __init__(self, con: Any) -> None:
        self._con = con

    def ask(self, sql: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Answers a question; see `Asker`."""
        answer = self._con.execute(check_question(self._con, sql), dict(params or {}) or None)
        return [column[0] for column in answer.description], answer.fetchall()

    def give(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Puts rows into a table."""
        fill_table(self._con, table, rows)

    def keep(self, name: str, sql: str, order: str) -> None:
        """Makes a temporary table."""
        self._con.execute(f"create temp table {name} as {sql} order by {order}")

    def settle(self) -> None:
        """Locks the connection."""
        lock_down(self._con)
