"""The store folder and the only door to DuckDB.

A store holds `CURRENT` (name of the live database), numbered database generations and immutable Parquet segments.
Readers follow `CURRENT`; an ingest prepares the next generation beside the live one and publishes it by replacing
`CURRENT`. A kill at any moment leaves the last published state whole.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelens import vintage
from tracelens.deadline import time_limit
from tracelens.errors import QueryError, StoreError
from tracelens.pointer import DATABASE, databases, generation, way_back
from tracelens.reader import KeptEngine
from tracelens.schema import TABLES, Table

if TYPE_CHECKING:
    import duckdb
    import polars as pl

EVENT_TABLES: tuple[Table, ...] = tuple(table for table in TABLES.values() if table.kind == "event")
KEPT_GENERATIONS = 2
IN_SEGMENTS = re.compile(r"segments[\\/]")
INNER_MESSAGE = re.compile(r'"exception_message":"((?:[^"\\]|\\.)*)"')
INSERTED_ROWS = 20_000
SEARCH_PATH = "set search_path = 'memory,store'"
_KEPT = KeptEngine()
atexit.register(_KEPT.release)


def fingerprint(store: Path) -> str:
    """Gives a text that changes with each published generation; empty before the first."""
    name = generation(store)
    return f"{store.absolute()}|{name}|{(store / name).stat().st_mtime_ns}" if name else ""


@contextlib.contextmanager
def reading(store: str | os.PathLike[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Gives a connection to the live generation, read-only and locked: no other files, no settings, no writes.

    The engine behind it stays open for the next question; it goes when another generation or store is asked for.

    Raises:
        StoreError: There is no store, or it cannot be opened.
    """
    import duckdb

    folder = Path(store).absolute()
    name = generation(folder)
    if name is None:
        raise StoreError(f"no store at '{store}'", hint="make one: tracelens ingest PATH --store " + str(store))
    try:
        with _KEPT.connection(fingerprint(folder), lambda: _locked(folder, name)) as con:
            con.execute(SEARCH_PATH)
            yield con
    except (duckdb.FatalException, duckdb.InternalException):  # the engine answers nothing more after these
        release()
        raise


def _locked(folder: Path, name: str) -> duckdb.DuckDBPyConnection:
    """Opens a generation in an engine that is locked down."""
    import duckdb

    con = _attach(folder, name)
    try:
        vintage.check(con, str(folder / name))
        con.execute(SEARCH_PATH)
        lock_down(con, "view")
    except duckdb.Error as error:
        con.close()
        raise unreadable(error, folder, name) from error
    except StoreError:
        con.close()
        raise
    return con


def _attach(folder: Path, name: str) -> duckdb.DuckDBPyConnection:
    """Opens a generation read-only in an engine of its own.

    Connections to one file share their settings within a process, and a locked one would shut the next reader out.
    """
    import duckdb

    spill = Path(tempfile.gettempdir()) / f"tracelens-{uuid.uuid4().hex}"
    con = duckdb.connect(config={"file_search_path": str(folder), "temp_directory": str(spill)})
    try:
        path = str(folder / name).replace("'", "''")
        con.execute("set parquet_metadata_cache = true")  # segments never change
        con.execute(f"attach '{path}' as store (read_only)")
        con.execute("use store")
        settle(con)
    except duckdb.Error as error:
        con.close()
        raise unreadable(error, folder, name) from error
    return con


def unreadable(error: Exception, folder: Path, name: str = "") -> StoreError:
    """Gives the error of a store that the engine cannot read: a segment, else its database, and the way out."""
    hint = "what is wrong, and the way out: tracelens store verify"
    if not IN_SEGMENTS.search(told(error)):
        hint = way_back(folder, name)
    return StoreError(f"the store cannot be opened: {told(error)}", str(folder / name), hint)


def unwritable(why: str, place: Path) -> StoreError:
    """Gives the error of a store that cannot be written, and what to do."""
    hint = "make room, see to its rights, or choose another --store; the published state is whole"
    return StoreError(f"the store cannot be written: {why}", str(place), hint)


def told(error: Exception) -> str:
    """Gives what an error of the engine says, in one line."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    inner = INNER_MESSAGE.search(line)
    return inner[1].replace('\\"', '"') if inner else line


def settle(con: duckdb.DuckDBPyConnection) -> None:
    """Times are UTC; the engine's own progress bar would go to stdout, which is for results."""
    con.execute("set global timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")


def lock_down(con: duckdb.DuckDBPyConnection, kind: str = "temp view") -> None:
    """Closes a connection against everything but the store's segments, its own or a lake's, for good.

    The stored views name segments relative to the store, so that it can be moved; a locked connection allows absolute
    paths only, so views of its own with such paths stand before them.
    """
    folder = con.execute("select current_setting('file_search_path')").fetchall()[0][0]
    if folder:
        listed = con.execute("select distinct table_name, path from segment order by path").fetchall()
        create_events(con, [(name, str(Path(folder) / path)) for name, path in listed], kind)
        lakes = {path.rpartition("/segments/")[0] for _, path in listed if Path(path).is_absolute()}
        allowed = ", ".join(literal(str(Path(place) / "segments")) for place in sorted({folder} | lakes))
        con.execute(f"set allowed_directories = [{allowed}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def check_question(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Gives the one statement of a text, checked to read only.

    Raises:
        QueryError: It is not.
    """
    import duckdb

    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(f"the SQL cannot be parsed: {error}") from error
    if not statements:
        raise QueryError("there is no SQL", hint="give a SELECT, or `-` and the text on stdin")
    if len(statements) != 1:
        raise QueryError(f"{len(statements)} statements where one is allowed", hint="ask one SELECT at a time")
    try:
        kind = statements[0].type.name
    except ValueError:  # the Python client does not know every statement of the engine
        kind = "foreign"
    if kind != "SELECT":  # EXPLAIN ANALYZE runs what it explains, COPY too
        raise QueryError(f"a statement of type {kind} is refused", hint="the store is read with SELECT only")
    return statements[0]


def ask(
    store: str | os.PathLike[str],
    sql: str,
    params: Mapping[str, Any] | Sequence[Any] | None = None,
    timeout_s: float | None = None,
    limit: int | None = None,
    stop: threading.Event | None = None,
) -> pl.DataFrame:
    """Answers one SELECT on the live generation; at most `limit` rows, in its order. Setting `stop` calls it off.

    Raises:
        QueryError: The text is not one SELECT, fails, is called off, or takes longer than `timeout_s` seconds.
        StoreError: There is no store, or its files cannot be read any more.
    """
    import duckdb
    import polars as pl

    with reading(store) as con, time_limit(con, timeout_s, stop):
        check_question(con, sql)
        try:
            answer = con.sql(sql, params=params)
            if answer is None:
                raise QueryError("the question has no answer rows", hint="ask with SELECT")
            frame: pl.DataFrame = _shown(answer if limit is None else answer.limit(limit)).pl()
            return frame
        except duckdb.InterruptException as error:
            what = "called off" if stop and stop.is_set() else f"stopped after {timeout_s} s"
            raise QueryError(what, hint="narrow the time range or ask for fewer rows") from error
        except duckdb.IOException as error:
            raise StoreError(
                f"the store cannot be read: {told(error)}",
                where=str(store),
                hint="was it moved or deleted? else see what is wrong: tracelens store verify",
            ) from error
        except duckdb.Error as error:
            raise QueryError(str(error).splitlines()[0], hint="tables and columns: tracelens schema") from error
        except pl.exceptions.PolarsError as error:
            raise QueryError("a column's type cannot be shown", hint="cast it: cast(x as varchar)") from error


def _shown(answer: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Gives an answer whose lengths of time are texts, `26:00:01.5`: Polars has no such type."""
    kinds = [str(kind) for kind in answer.types]
    if not any("INTERVAL" in kind for kind in kinds):
        return answer
    columns = (
        f'cast(#{at} as {kind.replace("INTERVAL", "VARCHAR")}) as "{name.replace(chr(34), chr(34) * 2)}"'
        for at, (name, kind) in enumerate(zip(answer.columns, kinds, strict=True), 1)
    )
    return answer.project(", ".join(columns))


@contextlib.contextmanager
def open_next(store: Path, memory_limit: str | None) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Opens the next generation, empty, with the store as search path for segments; closes it in the end.

    Raises:
        StoreError: It cannot be written, or memory does not suffice.
    """
    import duckdb

    release()  # the kept engine may hold a file of this name, of a store that was deleted
    current = generation(store)
    number = int(DATABASE.match(current)[1]) + 1 if current else 1  # type: ignore[index]
    path = store / f"tracelens-{number:06d}.duckdb"
    remove(path)
    remove(Path(f"{path}.wal"))
    config: dict[str, Any] = {
        "file_search_path": str(store),
        "temp_directory": str(store / "tmp"),
        "memory_limit": memory_limit or default_memory_limit(),
        "preserve_insertion_order": False,
    }
    is_whole = False
    try:
        with duckdb.connect(str(path), config=config) as con:
            settle(con)
            yield con, path
        is_whole = True
    except duckdb.OutOfMemoryException as error:
        hint = "give it more: --memory-limit 4GB"
        raise StoreError(f"memory does not suffice: {told(error)}", str(path), hint) from error
    except duckdb.Error as error:
        if IN_SEGMENTS.search(told(error)):
            raise unreadable(error, store) from error
        if isinstance(error, duckdb.OperationalError | duckdb.FatalException):
            raise unwritable(told(error), path) from error
        raise
    finally:
        if not is_whole:  # it would take the room that is lacking
            remove(path)
            remove(Path(f"{path}.wal"))


def make_table(con: duckdb.DuckDBPyConnection, name: str, sql: str, is_temporary: bool) -> None:
    """Makes a table of a query; where memory does not suffice for all threads, with one."""
    import duckdb

    statement = f'create or replace {"temp " if is_temporary else ""}table "{name}" as {sql}'
    try:
        con.execute(statement)
    except duckdb.OutOfMemoryException:
        threads = con.execute("select current_setting('threads')").fetchall()[0][0]
        con.execute("set threads = 1")
        try:
            con.execute(statement)
        finally:
            con.execute(f"set threads = {threads}")


def literal(value: object) -> str:
    """Gives a value as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def default_memory_limit() -> str:
    """Gives a quarter of the machine's memory, at most 1200 MB."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        total = 4 * 1024**3
    return f"{min(1200, max(256, total // 4 // 1024**2))}MB"


def create_events(
    con: duckdb.DuckDBPyConnection,
    segments: Sequence[tuple[str, str]],
    kind: str = "view",
    tables: Sequence[Table] = EVENT_TABLES,
) -> None:
    """Makes the event views over exactly the given segments (table name, path)."""
    for table in tables:
        paths = sorted({path for name, path in segments if name == table.name})
        twice = bool(
            paths and table.name == "tracking_event" and con.execute("select 1 from duplicate limit 1").fetchall()
        )
        con.execute(f"create or replace {kind} {table.name} as {events_of(table, paths, twice)}")


def events_of(table: Table, paths: Sequence[str], without_duplicates: bool) -> str:
    """Gives a SELECT of the events of a table over some segments."""
    if not paths:
        nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in _types(table))
        return f"select {nothing} where false"
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in _types(table))
    listed = ", ".join(literal(path) for path in paths)
    source = f"select {columns} from read_parquet([{listed}], hive_partitioning = false)"
    return source + (" anti join duplicate using (file_id, line_number)" if without_duplicates else "")


def types_of(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """Gives the columns of a table of the open database with their types."""
    return {row[0]: row[1] for row in con.execute(f'describe "{name}"').fetchall()}


def load_parquet(con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], paths: Sequence[str]) -> None:
    """Makes a table of the rows of Parquet files, with columns of the given types."""
    described = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    con.execute(f'create or replace table "{name}" ({described})')
    if paths:
        listed = ", ".join(literal(path) for path in paths)
        taken = ", ".join(f'cast("{n}" as {kind}) as "{n}"' for n, kind in columns.items())
        con.execute(f'insert into "{name}" select {taken} from read_parquet([{listed}], hive_partitioning = false)')


def _types(table: Table) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in table.columns]


def create_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Makes an empty table as described."""
    con.execute(f"create or replace table {table.name} ({_columns(table)})")


def _columns(table: Table) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in _types(table))


def fill_table(con: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Makes a table as described and adds rows by column name."""
    create_table(con, table)
    _insert(con, table.name, table, rows)


def stand_in(con: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Puts a temporary table with the given rows before the table of that name; the store stays as it is."""
    con.execute(f"drop view if exists temp.{table.name}")
    con.execute(f"create temp table {table.name} ({_columns(table)})")
    _insert(con, f"temp.{table.name}", table, rows)


def _insert(con: duckdb.DuckDBPyConnection, name: str, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds rows by column name, some at a time; without a data frame, whose library takes memory that a build needs."""
    taken = ", ".join(f"unnest(cast(${place} as {kind}[]))" for place, (_, kind) in enumerate(_types(table), 1))
    for at in range(0, len(rows), INSERTED_ROWS):
        some = rows[at : at + INSERTED_ROWS]
        con.execute(f"insert into {name} select {taken}", [[row.get(column) for row in some] for column in table.names])


def release() -> None:
    """Lets go of the generation kept open for the next question, so that its file can be removed or written."""
    _KEPT.release()


def publish(store: Path, path: Path) -> None:
    """Makes a finished generation the live one: a fully written pointer replaces the old one."""
    release()
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
    pointer = store / "CURRENT.tmp"
    with pointer.open("w", encoding="ascii") as stream:
        stream.write(path.name + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(pointer, store / "CURRENT")


def kept_rows(store: Path, name: str, *tables: Table) -> list[list[dict[str, Any]]]:
    """Gives all rows of some ledger tables of a generation."""
    return told_rows(store, name, *(f"select * from {table.name}" for table in tables))


def told_rows(store: Path, name: str, *questions: str) -> list[list[dict[str, Any]]]:
    """Gives the answers of a generation to some questions of our own, without the weight of a data frame."""
    import duckdb

    answers = []
    with _attach(store, name) as con:
        try:
            for question in questions:
                answer = con.execute(question)
                names = [column[0] for column in answer.description]
                answers.append([dict(zip(names, row, strict=True)) for row in answer.fetchall()])
        except duckdb.Error as error:
            raise unreadable(error, store, name) from error
    return answers


def tidy(store: Path) -> None:
    """Removes old generations, segments that no kept generation lists, and what killed runs left.

    Files still open elsewhere (Windows) are left for the next time. A damaged old generation is of no use and goes too.
    """
    live = generation(store)
    remove(store / "CURRENT.tmp")
    names = databases(store)
    kept = [name for name in names if live and name <= live][-KEPT_GENERATIONS:]
    for name in names:
        if name not in kept:
            remove(store / name)
            remove(store / f"{name}.wal")
    listed = set(_segments_of(store, live)) if live else set()
    for name in kept[:-1]:
        try:
            listed |= set(_segments_of(store, name))
        except StoreError:
            remove(store / name)
    root = store / "segments"
    for path in sorted(root.rglob("*")) if root.is_dir() else []:
        if path.is_file() and path.relative_to(store).as_posix() not in listed:
            remove(path)
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True) if root.is_dir() else []:
        with contextlib.suppress(OSError):
            folder.rmdir()
    shutil.rmtree(store / "tmp", ignore_errors=True)


def _segments_of(store: Path, name: str) -> list[str]:
    return [row["path"] for row in told_rows(store, name, "select distinct path from segment")[0]]


def remove(path: Path) -> None:
    """Deletes a file if it is there and nobody holds it."""
    with contextlib.suppress(OSError):
        path.unlink()


@contextlib.contextmanager
def exporting(store: str | os.PathLike[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the live generation read-only, not locked: for statements of tracelens's own that write other files.

    Raises:
        StoreError: There is no store, or a statement fails.
    """
    import duckdb

    folder = Path(store).absolute()
    name = generation(folder)
    if name is None:
        raise StoreError(f"no store at '{store}'", hint=f"make one: tracelens ingest PATH --store {store}")
    con = _attach(folder, name)
    try:
        vintage.check(con, str(folder / name))
        con.execute(f"set memory_limit = {literal(default_memory_limit())}")
        yield con
    except duckdb.Error as error:
        raise StoreError(f"the export fails: {str(error).splitlines()[0]}", where=str(folder / name)) from error
    finally:
        con.close()
