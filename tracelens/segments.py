"""Events of one log file to Parquet segments: one file per table and day, written beside and renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelens import __version__
from tracelens.discover import LogFile
from tracelens.errors import StoreError
from tracelens.normalise import normalise
from tracelens.read import Counts, Reader, Reject

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


@dataclass
class Written:
    """What reading one file gave.

    Attributes:
        segments: (table name, path relative to the store, rows).
        error: Why the file could not be read to its end; then nothing of it is kept.
    """

    file_id: int
    counts: Counts = field(default_factory=Counts)
    rejects: list[Reject] = field(default_factory=list)
    segments: list[tuple[str, str, int]] = field(default_factory=list)
    content_hash: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    error: str | None = None


class _DayWriters:
    """Open Parquet writers of one file, one per day."""

    def __init__(self, root: Path, table: str, file_id: int) -> None:
        self.root, self.table, self.file_id = root, table, file_id
        self.writers: dict[str, tuple[pq.ParquetWriter, Path, int]] = {}

    def write(self, day: str, rows: pa.Table) -> None:
        import pyarrow.parquet as pq

        with _writing(self.root):
            if day not in self.writers:
                folder = self.root / self.table / f"day={day}"
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / f"{self.file_id:016x}-{os.getpid()}.tmp"
                self.writers[day] = (pq.ParquetWriter(path, rows.schema, compression="zstd"), path, 0)
            writer, path, count = self.writers[day]
            writer.write_table(rows)
            self.writers[day] = (writer, path, count + rows.num_rows)

    def close(self, key: str, store: Path) -> list[tuple[str, str, int]]:
        done = []
        with _writing(self.root):
            for writer, path, count in self.writers.values():
                writer.close()
                final = path.with_name(f"{self.file_id:016x}-{key}.parquet")
                if final.exists():  # the same rows, which a published generation may be using
                    path.unlink()
                else:
                    os.replace(path, final)
                done.append((self.table, final.relative_to(store).as_posix(), count))
        return done

    def abandon(self) -> None:
        for writer, path, _ in self.writers.values():
            writer.close()
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Tells a store that cannot be written from a log that cannot be read."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"the store cannot be written: {error.strerror or error}", where=str(root)) from error


def write_segments(log_file: LogFile, store: Path) -> Written:
    """Reads one file whole and writes its segments; a file that fails part way leaves nothing.

    A segment's name holds whatever decides its rows, so that no other rows ever take its place.

    Raises:
        StoreError: The segments cannot be written.
    """
    import polars as pl

    described = log_file.format
    assert described is not None
    written = Written(log_file.file_id)
    writers = _DayWriters(store / "segments", described.table.name, log_file.file_id)
    try:
        reader = Reader(log_file)
        for chunk in reader.chunks():
            written.rejects.extend(chunk.rejects)
            if chunk.table is None:
                continue
            events: Any = pl.from_arrow(normalise(log_file, chunk.table, reader.version))
            events = events.with_columns(pl.col("date_time").dt.date().alias("day")).sort("date_time", "line_number")
            span = events.select(pl.col("date_time").min().alias("first"), pl.col("date_time").max().alias("last")).row(
                0
            )
            written.first_at = min(written.first_at or span[0], span[0])
            written.last_at = max(written.last_at or span[1], span[1])
            for (day,), rows in events.partition_by("day", as_dict=True, maintain_order=True).items():
                writers.write(str(day), rows.drop("day").to_arrow(compat_level=pl.CompatLevel.oldest()))
    except OSError as error:
        writers.abandon()
        return Written(log_file.file_id, error=f"cannot be read: {error.strerror or error}")
    written.counts, written.content_hash = reader.counts, reader.content_hash
    made_of = f"{reader.content_hash}|{log_file.server}|{log_file.service}|{described.name}|{__version__}"
    written.segments = writers.close(blake2b(made_of.encode(), digest_size=8).hexdigest(), store)
    return written


def as_datetime(modified_ns: int) -> datetime:
    """Gives a file time as UTC without zone, whole microseconds."""
    return datetime.fromtimestamp(modified_ns // 1000 / 1_000_000, UTC).replace(tzinfo=None)
