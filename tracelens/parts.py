"""Temporary tables in numbered parts, one for each shard or portion: read as one, or laid down together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def kept(con: Any, name: str) -> str:
    """Gives the name in SQL of a table of the database that is built, where a temporary one stands before it."""
    database = con.execute("select current_database()").fetchall()[0][0]
    return f'"{database}".main."{name}"'


class Parts:
    """The tables of one build that are made in parts: some are kept so, others wait to be written to the database.

    Rows that do not fill a row group are written twice by DuckDB, to its log and when it packs them, by one thread.

    Args:
        con: Open DuckDB connection of a build.
        rows: Rows of a table of the database that are written at one time.
    """

    def __init__(self, con: Any, rows: int) -> None:
        self._con = con
        self._rows = rows
        self._numbers: dict[str, list[int]] = {}
        self._waiting: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._laid: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    @staticmethod
    def part(name: str, number: int) -> str:
        """Gives a part's name as it is written in SQL."""
        return f'temp."{name} {number}"'

    def keep(self, name: str, number: int) -> None:
        """Takes the temporary table of that name as a part."""
        self._set_apart(name, number)
        self._numbers.setdefault(name, []).append(number)

    def unite(self, name: str) -> None:
        """Makes the parts of a table readable as one."""
        parts = " union all ".join(f"select * from {self.part(name, number)}" for number in self._numbers[name])
        self._con.execute(f'create temp view "{name}" as {parts}')

    @contextmanager
    def aside(self, names: list[str]) -> Iterator[None]:
        """Takes the views of the whole tables away for as long as the block runs."""
        for name in names:
            self._con.execute(f'drop view temp."{name}"')
        yield
        for name in names:
            self.unite(name)

    def drop(self, name: str) -> None:
        """Drops a table, in parts or not."""
        numbers = self._numbers.pop(name, None)
        if numbers is None:
            self._con.execute(f'drop table if exists temp."{name}"')
            return
        self._con.execute(f'drop view if exists temp."{name}"')
        for number in numbers:
            self._con.execute(f"drop table {self.part(name, number)}")

    def add(self, name: str, number: int) -> None:
        """Takes the temporary table of that name as rows of the database's, which are written when there is enough."""
        part = self._set_apart(name, number)
        self._waiting.setdefault(name, []).append(part)
        count = self._con.execute(f"select count(*) from {part}").fetchall()[0][0]
        self._counts[name] = self._counts.get(name, 0) + count
        if self._counts[name] >= self._rows:
            self.lay(name)

    def lay(self, name: str) -> None:
        """Writes all that waits for the database's table of that name; the first rows make it anew."""
        parts = self._waiting.pop(name, [])
        self._counts.pop(name, None)
        if not parts:
            return
        verb = f"insert into {kept(self._con, name)}"
        if name not in self._laid:
            verb = f"create or replace table {kept(self._con, name)} as"
        # else each thread leaves a row group that is not full, and the next checkpoint writes all of them again
        self._con.execute("set preserve_insertion_order = true")
        self._con.execute(f"{verb} {' union all '.join(f'select * from {part}' for part in parts)}")
        self._con.execute("set preserve_insertion_order = false")
        self._laid.add(name)
        for part in parts:
            self._con.execute(f"drop table {part}")

    def _set_apart(self, name: str, number: int) -> str:
        """Gives the temporary table of that name the name of a part."""
        self._con.execute(f'alter table temp."{name}" rename to "{name} {number}"')
        return self.part(name, number)
