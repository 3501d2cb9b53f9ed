"""Temporary tables that are kept in numbered parts, one for each shard or portion, and read as one through a view."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def kept(con: Any, name: str) -> str:
    """Gives the name in SQL of a table of the database that is built, where a temporary one stands before it."""
    database = con.execute("select current_database()").fetchall()[0][0]
    return f'"{database}".main."{name}"'


class Parts:
    """The tables of one build that are kept in parts."""

    def __init__(self, con: Any) -> None:
        self._con = con
        self._numbers: dict[str, list[int]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._numbers

    @staticmethod
    def part(name: str, number: int) -> str:
        """Gives a part's name as it is written in SQL."""
        return f'temp."{name} {number}"'

    def keep(self, name: str, number: int) -> None:
        """Takes the temporary table of that name as a part."""
        self._con.execute(f'alter table temp."{name}" rename to "{name} {number}"')
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
