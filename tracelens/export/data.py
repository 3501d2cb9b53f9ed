"""Tables as files: Parquet, a lake by day, CSV, one DuckDB file, events under ECS names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelens.errors import UsageError
from tracelens.export.ecs import QUESTIONS, ascii_only, nested
from tracelens.export.place import check_free, settle, workshop
from tracelens.export.tables import Source, sources
from tracelens.query import Store, describe, question
from tracelens.render import as_csv
from tracelens.store import exporting, literal

if TYPE_CHECKING:
    import polars as pl

FORMS = ("parquet", "lake", "csv", "duckdb", "ecs")
ENDINGS = {"parquet": ".parquet", "lake": "", "csv": ".csv", "ecs": ".ndjson"}
DATABASE = "tracelens.duckdb"
NO_DAY = "day=__HIVE_DEFAULT_PARTITION__"
BATCH = 50_000


@dataclass(frozen=True)
class Written:
    """One table that was handed on.

    Attributes:
        table: Its name.
        path: File or folder that holds it.
        row_count: Rows written.
        size_bytes: Size of the file or folder; None where one file holds several tables.
    """

    table: str
    path: Path
    row_count: int
    size_bytes: int | None


@dataclass(frozen=True)
class _Job:
    con: Any
    source: Source
    since: datetime | None
    until: datetime | None


def export(
    store: Store,
    out: Path,
    form: str,
    *,
    tables: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    force: bool = False,
    on_table: Callable[[str], None] | None = None,
) -> list[Written]:
    """Writes tables of a store as files; each gets its name when all are whole.

    Args:
        store: The store.
        out: Folder for the files.
        form: parquet, lake, csv, duckdb or ecs.
        tables: Only these; else all (ecs: all events that have ECS names).
        since: Rows not before this UTC time; tables without a time come whole.
        until: Rows before this UTC time.
        force: Replace what is there.
        on_table: Called with the name of each table before it is written.

    Raises:
        UsageError: A name is wrong, or a file is there already.
        InputError: The folder cannot be written.
        StoreError: There is no store, or it cannot be read.
    """
    if form not in FORMS:
        raise UsageError(f"no form '{form}'", hint=f"forms: {', '.join(FORMS)}")
    folder, home = Path(out).absolute(), Path(store).resolve()
    if home == folder.resolve() or home in folder.resolve().parents:
        raise UsageError(f"'{out}' is inside the store", hint="choose another --out")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"'{out}' is a file", hint="name a folder with --out")
    if form == "duckdb" and "?" in str(folder):
        raise UsageError(
            f"'{out}' holds a question mark, which DuckDB takes for something else", hint="choose another --out"
        )
    with exporting(store) as con:
        chosen = _chosen(con, form, tables)
        targets = {source.name: folder / _name(source, form) for source in chosen}
        check_free(dict.fromkeys(targets.values()), force)
        with workshop(folder) as hidden:
            counts = {}
            if form == "duckdb":
                _attach(con, hidden / DATABASE)
            for source in chosen:
                if on_table:
                    on_table(source.name)
                counts[source.name] = WRITERS[form](_Job(con, source, since, until), hidden / _name(source, form))
            if form == "duckdb":
                _finish(con, store, chosen)
            for target in dict.fromkeys(targets.values()):
                settle(hidden / target.name, target)
    sizes = {name: None if form == "duckdb" else _size(target) for name, target in targets.items()}
    return [Written(name, targets[name], count, sizes[name]) for name, count in counts.items()]


def _chosen(con: Any, form: str, tables: Sequence[str]) -> list[Source]:
    if form != "ecs":
        return sources(con, tables)
    strange = [name for name in tables if name not in QUESTIONS]
    if strange:
        raise UsageError(f"'{strange[0]}' has no ECS names", hint=f"those that have: {', '.join(QUESTIONS)}")
    return sources(con, list(tables) or list(QUESTIONS))


def _name(source: Source, form: str) -> str:
    return DATABASE if form == "duckdb" else source.name + ENDINGS[form]


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _parquet(job: _Job, made: Path) -> int:
    return _copy(job.con, job.source.sql(job.since, job.until), made)


def _copy(con: Any, sql: str, made: Path, options: str = "") -> int:
    done = con.execute(f"copy ({sql}) to {literal(made)} (format parquet, compression zstd{options})").fetchall()
    return int(done[0][0])


def _lake(job: _Job, made: Path) -> int:
    """Writes a folder `day=YYYY-MM-DD` per day; rows without a time go to Hive's default partition."""
    source = job.source
    if not source.time:
        made.mkdir()
        return _copy(job.con, source.sql(job.since, job.until), made / "data_0.parquet")
    sql = source.sql(job.since, job.until, f'cast("{source.time}" as date) as day')
    count = _copy(job.con, sql, made, ", partition_by (day)")
    if not any(made.rglob("*.parquet")):  # no rows: one empty file keeps the columns
        (made / NO_DAY).mkdir(parents=True, exist_ok=True)
        _copy(job.con, source.sql(job.since, job.until), made / NO_DAY / "data_0.parquet")
    return count


def _csv(job: _Job, made: Path) -> int:
    count = 0
    with made.open("wb") as stream:
        for frame in _batches(job.con, job.source.sql(job.since, job.until)):
            text = as_csv(frame)
            stream.write(text if stream.tell() == 0 else text.partition(b"\r\n")[2])
            count += frame.height
    return count


def _ecs(job: _Job, made: Path) -> int:
    asked = question(QUESTIONS[job.source.name])
    columns = [row[0] for row in job.con.execute(f"describe {asked}").fetchall()]
    rows = f"(select * from {job.source.name}{job.source.window(job.since, job.until)})"
    sql = f"with chosen as {rows}, event as ({asked.replace(f'from {job.source.name} ', 'from chosen ')})"
    count = 0
    with made.open("w", encoding="ascii", newline="\n") as stream:
        for frame in _batches(job.con, f"{sql} select {nested(columns)} as line from event"):
            stream.writelines(f"{ascii_only(line)}\n" for line in frame["line"].to_list())
            count += frame.height
    return count


def _batches(con: Any, sql: str) -> Iterator[pl.DataFrame]:
    """Gives the rows in parts; the first part is empty and carries the columns."""
    import polars as pl

    reader = con.sql(sql).to_arrow_reader(BATCH)
    yield _frame(pl.from_arrow(reader.schema.empty_table()))
    for batch in reader:
        yield _frame(pl.from_arrow(batch))


def _frame(part: pl.DataFrame | pl.Series) -> pl.DataFrame:
    import polars as pl

    return part if isinstance(part, pl.DataFrame) else part.to_frame()


def _attach(con: Any, made: Path) -> None:
    con.execute(f"attach {literal(made)} as handed")


def _duckdb(job: _Job, made: Path) -> int:
    assert made.name == DATABASE
    done = job.con.execute(
        f'create table handed.main."{job.source.name}" as {job.source.sql(job.since, job.until)}'
    ).fetchall()
    return int(done[0][0])


def _finish(con: Any, store: Store, chosen: Sequence[Source]) -> None:
    """Writes what tables and columns mean into the new database, and closes it."""
    names = {source.name: dict(source.columns) for source in chosen}
    for row in describe(store).iter_rows(named=True):
        table, column = row["table_name"], row["column_name"]
        if column not in names.get(table, {}):
            continue
        if row["table_doc"] and column == next(iter(names[table])):
            con.execute(f'comment on table handed.main."{table}" is {literal(row["table_doc"])}')
        if row["doc"]:
            con.execute(f'comment on column handed.main."{table}"."{column}" is {literal(row["doc"])}')
    con.execute("checkpoint handed")
    con.execute("detach handed")


WRITERS: dict[str, Callable[[_Job, Path], int]] = {
    "parquet": _parquet,
    "lake": _lake,
    "csv": _csv,
    "duckdb": _duckdb,
    "ecs": _ecs,
}
