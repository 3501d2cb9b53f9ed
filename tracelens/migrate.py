"""An older store made new: from its segments where these have all columns, else from its logs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tracelens import parquet
from tracelens import store as stores
from tracelens.discover import LogFile
from tracelens.errors import StoreError
from tracelens.ledger import Held, found_again
from tracelens.schema import TABLES


def to_read_again(folder: Path, held: Held) -> list[LogFile]:
    """Gives the files whose segments lack columns of today.

    Raises:
        StoreError: One of them is gone, so its rows cannot be had with all columns.
    """
    if held.is_up_to_date:
        return []
    found, gone = there_again(held, _lacking(folder, held))
    if gone:
        raise StoreError(
            f"an older tracelens made the store, and {len(gone)} of its files cannot be read again,"
            f" first '{held.files[gone[0]]['path']}'",
            where=str(folder),
            hint="put them back where they were, or ingest what there is into another store",
        )
    return found


def there_again(held: Held, file_ids: Iterable[int]) -> tuple[list[LogFile], list[int]]:
    """Gives files of the ledger that can be read again, and the ids of those that cannot, in order of their paths."""
    found, gone = [], []
    for file_id in sorted(file_ids, key=lambda number: str(held.files[number]["path"])):
        entry = found_again(held.files[file_id])
        if entry and entry.format:
            found.append(entry)
        else:
            gone.append(file_id)
    return found, gone


def _lacking(folder: Path, held: Held) -> set[int]:
    paths: dict[str, set[int]] = {}
    tables = {}
    for row in held.segments:
        paths.setdefault(row["path"], set()).add(row["file_id"])
        tables[row["path"]] = row["table_name"]
    lacking: set[int] = set()
    with parquet.scratch(folder) as con:
        for path, file_ids in paths.items():
            asked = con.execute(f"select name from parquet_schema({stores.literal(str(folder / path))})").fetchall()
            table = TABLES.get(tables[path])
            if table and set(table.names) - {name for (name,) in asked}:
                lacking |= file_ids
    return lacking
