"""Files whose rows are those of another one, or its beginning, though their bytes differ: saved anew, or padded."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from tracelens.formats import formats
from tracelens.schema import TABLES
from tracelens.store import literal

Row = dict[str, Any]
NOT_OF_CONTENT = ("file_id", "server", "service", "line_number")
WRITERS = ("server", "service")


def has_rows_apart(row: Mapping[str, Any]) -> bool:
    """Tells whether a file's lines and rows are counted apart: a line of an export can give a row per recipient."""
    described = formats().get(row["format"] or "")
    return described is not None and described.parse is not None


def likely(
    held: Iterable[Row],
    new: Container[int],
    rank: Callable[[Row], Any],
    first_rows: Callable[[Sequence[Row]], Mapping[int, object]],
) -> list[tuple[Row, Row]]:
    """Gives pairs (shorter, longer) of files that may hold the same rows, one of them new; the longest first.

    They have one format, begin at the same moment with the same row, and no folder says that different services or
    servers wrote them. A file of one row may hold the beginning of a row.

    Args:
        held: Files with rows.
        new: Ids of those that have just come.
        rank: Orders files with as many rows: the first one stays.
        first_rows: Gives something that stands for the first row of each of some files, by id.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in held:
        if row["first_at"] and not row["pruned_count"]:
            groups.setdefault((row["format"], row["first_at"]), []).append(row)
    pairs = []
    for rows in groups.values():
        if len(rows) < 2 or not any(row["file_id"] in new for row in rows):
            continue
        rows.sort(key=lambda row: (-row["event_count"], rank(row)))
        first = first_rows(rows)
        alike: dict[object, list[Row]] = {}
        for row in rows:
            alike.setdefault(first.get(row["file_id"]), []).append(row)
        found = [pair for some in alike.values() for pair in combinations(some, 2)]
        found += [
            (long, short)
            for short in rows
            if short["event_count"] == 1
            for long in rows
            if first.get(long["file_id"]) != first.get(short["file_id"])
        ]
        pairs += [
            (short, long)
            for long, short in found
            if (short["file_id"] in new or long["file_id"] in new) and _may_begin(short, long)
        ]
    return pairs


def _may_begin(short: Row, long: Row) -> bool:
    if has_rows_apart(short) and short["event_count"] != long["event_count"]:
        return False  # overlapping exports are told apart event by event
    # what its end adds may be a row that is cut, or the zeros of a file that was not filled
    return (
        short["last_at"] <= long["last_at"]
        and short["reject_count"] <= long["reject_count"] + 1
        and all(short[name] == long[name] or not short[name] or not long[name] for name in WRITERS)
    )


def first_rows(con: Any, files: Sequence[Row], segments: Sequence[Row], folder: Path) -> dict[int, str]:
    """Gives a hash of the first row of each of some files of one format, by id; of an export that of the first moment.

    Exports may be sorted anew before they are saved.

    Args:
        con: Open scratch database.
        files: Rows of the ledger.
        segments: What the ledger holds.
        folder: Folder of the store.
    """
    ids = {row["file_id"] for row in files}
    place = "date_time" if has_rows_apart(files[0]) else "line_number"
    told: dict[int, str] = {}
    for table in sorted({segment["table_name"] for segment in segments if segment["file_id"] in ids}):
        own = {s["path"] for s in segments if s["file_id"] in ids and s["table_name"] == table}
        listed = ", ".join(literal(str(folder / path)) for path in sorted(own))
        names = ", ".join(column.name for column in TABLES[table].columns if column.name not in NOT_OF_CONTENT)
        rows = con.execute(
            f"with first as (select file_id, min({place}) as place from read_parquet([{listed}]) group by file_id)"
            f" select e.file_id, min(md5(cast(row({names}) as varchar))) from read_parquet([{listed}]) e"
            f" join first f on f.file_id = e.file_id and f.place = e.{place} group by e.file_id"
        ).fetchall()
        told |= {file_id: text for file_id, text in rows if file_id in ids}
    return told


def rows_begin(con: Any, short: Row, long: Row, segments: Sequence[Row], folder: Path) -> bool:
    """Tells by the rows whether one file is another, or its beginning; its last row may be cut short.

    Args:
        con: Open scratch database.
        short: File with at most as many rows.
        long: The other file.
        segments: What the ledger holds.
        folder: Folder of the store.
    """
    paths: dict[int, list[str]] = {short["file_id"]: [], long["file_id"]: []}
    tables = set()
    for segment in segments:
        if segment["file_id"] in paths:
            paths[segment["file_id"]].append(str(folder / segment["path"]))
            tables.add(segment["table_name"])
    if len(tables) != 1 or not all(paths.values()):
        return False
    columns = [column for column in TABLES[tables.pop()].columns if column.name not in NOT_OF_CONTENT]
    names = ", ".join(column.name for column in columns)
    ours, theirs = (
        f"(select {names}, line_number, row_number() over (order by line_number) as place from"
        f" read_parquet([{', '.join(map(literal, paths[one['file_id']]))}]) where file_id = {one['file_id']})"
        for one in (short, long)
    )
    count = con.execute(f"select count(*) from {ours}").fetchall()[0][0]
    is_cut = " and ".join(
        f"starts_with(coalesce(t.{column.name}, ''), coalesce(o.{column.name}, ''))"
        if column.type.lower() == "varchar"
        else f"o.{column.name} is not distinct from t.{column.name}"
        for column in columns
    )
    asked = (
        f"select (select count(*) from (select {names} from {ours} where place < {count}"
        f" except all select {names} from {theirs} where place <= {count})),"
        f" (select count(*) from {ours} o join {theirs} t on o.place = {count} and t.place = {count} where {is_cut})"
    )
    return bool(con.execute(asked).fetchall()[0] == (0, 1))
