"""Scratch databases in memory, and the Parquet files that are written from them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from tracelens.schema import TABLES
from tracelens.store import IN_SEGMENTS, create_table, literal, remove, settle, told, unreadable, unwritable

if TYPE_CHECKING:
    import duckdb

WRITTEN = "format parquet, parquet_version v2, compression zstd, row_group_size 65536, dictionary_size_limit 3000"
"""How segments are written: the encodings of version 2 make protocol logs a quarter smaller, no dictionary for texts
that hardly repeat a tenth, both at no cost; session ids keep theirs, and with it the filter that spares a look-up rows.
"""


class UnreadableError(Exception):
    """DuckDB's reader refuses a file that looked clean; the careful reader takes it."""


@dataclass(frozen=True)
class Counted:
    """Rows of one file and day in a segment; day is None for rows without a time."""

    file_id: int
    day: str | None
    row_count: int
    first_line: int
    last_line: int
    first_at: datetime | None
    last_at: datetime | None


@contextlib.contextmanager
def scratch(store: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens an empty database in memory, for one thread that reads logs."""
    import duckdb

    config: dict[str, Any] = {"threads": 1, "memory_limit": "300MB", "temp_directory": str(store / "tmp")}
    con = duckdb.connect(config=config)
    try:
        settle(con)
        yield con
    except duckdb.Error as error:
        if IN_SEGMENTS.search(told(error)):
            raise unreadable(error, store) from error
        raise
    finally:
        con.close()


@contextlib.contextmanager
def scratches(
    store: Path, count: int
) -> Iterator[Callable[[], contextlib.AbstractContextManager[duckdb.DuckDBPyConnection]]]:
    """Opens a scratch database for each thread; gives what lends one: what a work took of memory serves the next."""
    spare: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()

    @contextlib.contextmanager
    def lent() -> Iterator[duckdb.DuckDBPyConnection]:
        con = spare.get()
        try:
            yield con
        finally:
            spare.put(con)

    with contextlib.ExitStack() as opened:
        for _ in range(count):
            spare.put(opened.enter_context(scratch(store)))
        yield lent


def replace_rows(
    con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """Makes a small table of the given rows; `columns` gives names and types."""
    con.execute(
        f"create or replace temp table {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
    )
    values = ", ".join("(" + ", ".join(literal(value) for value in row) + ")" for row in rows)
    con.execute(f"insert into {name} values {values}")


def copy_out(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    """Writes the rows of a query to a Parquet file.

    Raises:
        UnreadableError: The query cannot read its source.
        StoreError: The file cannot be written.
    """
    import duckdb

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"copy ({sql}) to {literal(path)} ({WRITTEN})")
    except OSError as error:
        raise unwritable(error.strerror or str(error), path.parent) from error
    except duckdb.Error as error:
        remove(path)
        if str(path.parent) in str(error) or "No space left" in str(error):
            raise unwritable(told(error), path.parent) from error
        raise UnreadableError(str(error)) from error


def count_rows(con: duckdb.DuckDBPyConnection, path: Path, has_time: bool = True) -> list[Counted]:
    """Counts the rows of a segment per file and day."""
    time = "date_time" if has_time else "cast(null as timestamp)"
    sql = f"""
        select file_id, cast(cast({time} as date) as varchar), count(*), min(line_number), max(line_number),
            min({time}), max({time})
        from read_parquet({literal(path)}) group by file_id, cast({time} as date)"""
    return [Counted(*row) for row in con.execute(sql).fetchall()]


def move(path: Path, final: Path) -> None:
    """Gives a finished segment its name; one of that name has the same rows and stays.

    Raises:
        StoreError: The folder cannot be written.
    """
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():
            path.unlink()
        else:
            os.replace(path, final)
    except OSError as error:
        raise unwritable(error.strerror or str(error), final.parent) from error


@contextlib.contextmanager
def blank() -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a database in memory with every table described and no row."""
    import duckdb

    with duckdb.connect() as con:
        settle(con)
        for table in TABLES.values():
            create_table(con, table)
        yield con
