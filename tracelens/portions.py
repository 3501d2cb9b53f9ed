"""Cuts the messages of a large store into portions whose paths are built one after the other.

What is told of one message depends on the rows of that message and on small tables about servers, so memory is bounded
by a portion and not by the store. A portion holds the messages that began within a stretch of time, told by all their
rows. While it is built, temporary tables stand before what is read: `track` has only the rows of its messages, and so
does every other table that has a `message_key`, and `transaction`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tracelens.parts import Parts, kept

TIMES = {"track": "date_time", "transaction": "started_at"}
"""The largest tables, and the time by which most of their rows can be passed over unread."""


@dataclass(frozen=True)
class Portion:
    """Messages of one stretch of time; their rows are from `since` to `latest`."""

    number: int
    since: datetime | None
    latest: datetime | None


@dataclass
class Portions:
    """The portions of a store whose messages are known, and the tables that are kept in parts, one for each of them.

    Attributes:
        con: Open DuckDB connection of a build that has `track`, `message_identity` and `told_message`.
        rows: Rows of tracking logs and transactions a portion is to hold.
        parts: Tables that messages' models made.
    """

    con: Any
    rows: int
    parts: Parts
    found: Sequence[Portion] = ()
    _narrowed: set[str] = field(default_factory=set)

    def cut(self) -> bool:
        """Decides once which message belongs to which portion, by their first rows; False if one holds them all."""
        if not self.found:
            self._cut()
        return len(self.found) > 1

    def _cut(self) -> None:
        self.con.execute(
            """
            create or replace temp table message_portion as
            with counted as (
                select message_key, min(date_time) as first_at, max(date_time) as last_at, count(*) as row_count
                from track where message_key is not null group by message_key
                union all
                select i.message_key, min(t.started_at), max(t.started_at), count(*)
                from message_identity i join transaction t
                    on t.session_key = i.session_key and t.transaction_number = i.transaction_number
                group by i.message_key
                union all
                select message_key, null, null, count(*) from told_message group by message_key
            ), united as (
                select message_key, min(first_at) as first_at, max(last_at) as last_at, sum(row_count) as row_count
                from counted group by message_key
            ), placed as (
                select *, sum(row_count) over (order by first_at nulls first, message_key) - row_count as before
                from united
            )
            select message_key, first_at, last_at, cast(floor(before / $1) as integer) as portion from placed
            """,
            [self.rows],
        )
        told = self.con.execute(
            "select portion, min(first_at), max(last_at) from message_portion group by portion order by portion"
        ).fetchall()
        self.found = [Portion(*row) for row in told]

    def each(self, read: Collection[str]) -> Iterator[Portion]:
        """Gives one portion after the other, while only its rows of the tables that are read are seen."""
        parted = sorted(name for name in read if name in self.parts)
        # transactions are found by the identities, which are narrowed before them
        narrowed = sorted((n for n in read if self._is_narrowed(n)), key=lambda name: (name == "transaction", name))
        with self.parts.aside(parted), self._aside(narrowed):
            for portion in self.found:
                for name in narrowed:
                    self._narrow(name, portion)
                for name in [*parted, *narrowed]:
                    part = Parts.part(name, portion.number)
                    self.con.execute(f'create or replace temp view "{name}" as select * from {part}')
                yield portion
                for name in [*parted, *narrowed]:
                    self.con.execute(f'drop view temp."{name}"')

    def close(self) -> None:
        """Drops the narrowed tables, and what was needed to cut."""
        for name in self._narrowed:
            for portion in self.found:
                self.con.execute(f"drop table {Parts.part(name, portion.number)}")
        self._narrowed.clear()
        self.con.execute("drop table if exists temp.message_portion")

    @contextmanager
    def _aside(self, narrowed: Collection[str]) -> Iterator[None]:
        """Puts whole tables out of the way of those of one portion."""
        moved = [name for name in narrowed if self._is_temporary(name)]
        for name in moved:
            self.con.execute(f'alter table temp."{name}" rename to "all {name}"')
        yield
        for name in moved:
            self.con.execute(f'alter table temp."all {name}" rename to "{name}"')

    def _narrow(self, name: str, portion: Portion) -> None:
        """Makes the table of one portion's rows, once for all blocks that read it."""
        part = f"{name} {portion.number}"
        if self._is_temporary(part):
            return
        whole = f'temp."all {name}"' if self._is_temporary(f"all {name}") else kept(self.con, name)
        if name == "transaction":
            by = f'"message_identity {portion.number}" i'
            by += " on i.session_key = t.session_key and i.transaction_number = t.transaction_number"
        else:
            keys = f"select message_key from message_portion where portion = {portion.number}"
            by = f"({keys}) i on i.message_key = t.message_key"
        near = ""
        if portion.since and (time := TIMES.get(name)):
            bounds = f"timestamp '{portion.since}' and timestamp '{portion.latest}'"
            near = f"where {time} between {bounds} or {time} is null"
        rows = f"select t.* from {whole} t semi join {by} {near}"
        if name == "track" and portion.number == 0:  # rows that name no message, once
            rows += f" union all select * from {whole} where message_key is null"
        self.con.execute(f'create temp table "{part}" as {rows}')
        self._narrowed.add(name)

    def _is_narrowed(self, name: str) -> bool:
        if name == "transaction":
            return True
        found = self.con.execute(
            "select 1 from duckdb_columns() where table_name = ? and column_name = 'message_key'"
            " and (database_name = 'temp' or database_name = current_database())",
            [name],
        )
        return name not in self.parts and bool(found.fetchall())

    def _is_temporary(self, name: str) -> bool:
        found = self.con.execute("select 1 from duckdb_tables() where table_name = ? and temporary", [name])
        return bool(found.fetchall())
