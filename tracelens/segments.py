"""Log files to Parquet segments: a fast reader for clean files, many at a time; the careful one for all others.

A segment holds rows of one table and day, of one file or of many, and is never changed; its name tells its content.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelens import __version__, archive, parquet
from tracelens import store as stores
from tracelens.agreement import count
from tracelens.charset import decode
from tracelens.discover import LogFile, as_format
from tracelens.errors import TracelensError
from tracelens.formats import LogFormat, Parsed, Source, formats
from tracelens.formats.bags import physical
from tracelens.guard import Scan, scan
from tracelens.normalise import column, events, quote
from tracelens.read import REJECT_CHARS, Counts, Reader, Reject
from tracelens.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_BYTES = 48_000_000
OLD_VERSIONS = ("8.", "14.")
UNDATED = "undated"
OF_FILE = {"file_id": "bigint", "known_server": "varchar", "known_service": "varchar", "is_old": "boolean"}


@dataclass
class Written:
    """What reading one file gave.

    Attributes:
        segments: (table name, path relative to the store, rows).
        assumed: What the reader took for granted.
        error: Why the file could not be read to its end; then nothing of it is kept.
    """

    file_id: int
    counts: Counts = field(default_factory=Counts)
    rejects: list[Reject] = field(default_factory=list)
    segments: list[tuple[str, str, int]] = field(default_factory=list)
    content_hash: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    assumed: str = ""
    error: str | None = None


def write_all(
    files: Sequence[LogFile], store: Path, workers: int, note: Callable[[Sequence[LogFile]], None]
) -> dict[int, Written]:
    """Reads files and writes their segments; a file that fails part way leaves nothing.

    Args:
        files: Files with a format.
        store: Folder of the store.
        workers: Threads; each holds a batch's buffers.
        note: Called with the files of each batch when it is done.

    Raises:
        StoreError: The segments cannot be written.
    """
    written: dict[int, Written] = {}
    listed = batches(files, workers)
    threads = min(workers, len(listed)) or 1
    with archive.SHELF.kept(), parquet.scratches(store, threads) as lent, ThreadPoolExecutor(threads) as pool:

        def write(batch: Sequence[LogFile]) -> dict[int, Written]:
            with lent() as con:
                return write_batch(batch, store, con)

        pending = {pool.submit(write, batch): batch for batch in listed}
        try:
            for future in as_completed(pending):
                written.update(future.result())
                note(pending[future])
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return written


def batches(files: Iterable[LogFile], workers: int) -> list[list[LogFile]]:
    """Gives groups of files of one format and of a bounded size, in order of their paths."""
    listed = list(files)
    limit = max(1_000_000, min(BATCH_BYTES, sum(entry.size_bytes for entry in listed) // (2 * workers) + 1))
    found: list[list[LogFile]] = []
    sizes: dict[tuple[str, bool], tuple[list[LogFile], int]] = {}
    for entry in listed:
        assert entry.format is not None
        is_alone = entry.format.direction is not None and not _is_named(entry)  # its rows are asked all together
        key = (entry.format.name, is_alone)
        group, size = sizes.get(key, ([], 0))
        if not group:
            found.append(group)
        group.append(entry)
        size += entry.size_bytes
        sizes[key] = ([], 0) if size >= limit or is_alone else (group, size)
    return found


def _is_named(entry: LogFile) -> bool:
    """Tells whether the folder says which server wrote a file and, for SMTP logs, which service."""
    assert entry.format is not None
    return bool(entry.server) and (entry.format.direction is None or bool(entry.service))


def write_batch(batch: Sequence[LogFile], store: Path, con: Any) -> dict[int, Written]:
    """Reads some files of one format and writes their segments; one that fails part way leaves nothing.

    Args:
        batch: Files of one format.
        store: Folder that gets `segments`.
        con: Open scratch database.

    Raises:
        StoreError: The segments cannot be written.
    """
    written: dict[int, Written] = {}
    unpacked: list[LogFile] = []
    for entry in batch:
        if entry.member is None:
            unpacked.append(entry)
            continue
        place = store / "tmp" / f"{entry.file_id:016x}"
        try:
            archive.unpack(entry.member, place)
            unpacked.append(replace(entry, unpacked=place))
        except OSError as error:
            stores.remove(place)
            written[entry.file_id] = _broken(entry, error)
    try:
        return written | _write_unpacked(unpacked, store, con)
    finally:
        for entry in unpacked:
            if entry.unpacked:
                stores.remove(entry.unpacked)


def _write_unpacked(batch: Sequence[LogFile], store: Path, con: Any) -> dict[int, Written]:
    written: dict[int, Written] = {}
    clean: dict[tuple[Any, ...], list[tuple[LogFile, Scan]]] = {}
    careful: list[LogFile] = []
    for entry in batch:
        assert entry.format is not None
        if entry.format.parse:
            careful.append(entry)
            continue
        try:
            found = scan(entry)
        except OSError as error:
            written[entry.file_id] = _broken(entry, error)
            continue
        if found.is_clean and column(entry.format, found.fields[0]) == "date_time":
            clean.setdefault((found.fields, found.headers, found.days, found.has_exact_times), []).append(
                (entry, found)
            )
        else:
            careful.append(entry)
    for group in clean.values():
        done = _write_clean(con, group, store)
        written.update(done)
        careful += [entry for entry, _ in group if entry.file_id not in done]
    for entry in careful:
        try:
            assert entry.format is not None
            write = _write_parsed if entry.format.parse else _write_careful
            written[entry.file_id] = write(con, entry, store)
        except OSError as error:
            written[entry.file_id] = _broken(entry, error)
        except parquet.UnreadableError as error:  # a header that names a column twice, or as one of ours
            told = str(error).split("\n")[0]
            written[entry.file_id] = Written(entry.file_id, error=f"its columns cannot be told apart: {told}")
    return written


def _broken(entry: LogFile, error: OSError) -> Written:
    return Written(entry.file_id, error=f"cannot be read: {error.strerror or error}")


def _write_clean(con: Any, group: Sequence[tuple[LogFile, Scan]], store: Path) -> dict[int, Written]:
    """Reads clean files of one header in one go; a file whose rows do not add up is left to the careful reader."""
    if not group:
        return {}
    described, fields, headers = group[0][0].format, group[0][1].fields, group[0][1].headers
    assert described is not None
    files: list[tuple[Any, ...]] = []
    rows = 0
    for entry, found in group:
        files.append((str(entry.local), headers + 1 - rows, *_of_file(entry, found.version)))
        rows += found.lines - headers
    is_known = all(_is_named(entry) for entry, _ in group)
    kinds = {"known_server": _words(e.server for e, _ in group), "known_service": _words(e.service for e, _ in group)}
    parquet.replace_rows(con, "source", {"filename": "varchar", "shift": "bigint", **OF_FILE, **kinds}, files)
    columns = ", ".join(f"{quote(column(described, name))}: 'VARCHAR'" for name in fields)
    listed = ", ".join(stores.literal(name) for name, *_ in files)
    raw = (
        "(select r.* exclude (filename, row_order), r.row_order + s.shift - 1 as line_number, s.file_id, s.known_server,"
        " s.known_service, s.is_old from (select *, row_number() over () as row_order from read_csv("
        f"[{listed}], auto_detect = false, header = false, skip = {headers}, delim = ',', quote = '\"', escape = '\"',"
        f" nullstr = '', filename = true, columns = {{{columns}}})) r join source s on s.filename = r.filename)"
    )
    parts = (f"{entry.file_id}|{found.content_hash}|{entry.server}|{entry.service}" for entry, found in group)
    whole = _whole(store, described, *parts)
    try:
        parquet.copy_out(con, events(described, fields, raw, is_known, group[0][1].has_exact_times), whole)
        counted = parquet.count_rows(con, whole)
        counted_of: dict[int, list[parquet.Counted]] = {}
        for row in counted:
            counted_of.setdefault(row.file_id, []).append(row)
        wrong = {entry.file_id for entry, found in group if not _adds_up(counted_of.get(entry.file_id, ()), found)}
        if wrong:
            return _write_clean(con, [pair for pair in group if pair[0].file_id not in wrong], store)
        rows_of = _settle(con, whole, counted, described, store)
    except parquet.UnreadableError:
        return {}
    finally:
        stores.remove(whole)
    written = {}
    for entry, found in group:
        settled = rows_of[entry.file_id]
        counts = Counts(lines=found.lines, headers=headers, events=settled.row_count)
        counts.check(str(entry.path))
        written[entry.file_id] = Written(
            entry.file_id, counts, [], settled.segments, found.content_hash, settled.first_at, settled.last_at
        )
    return written


def _words(texts: Iterable[str | None]) -> str:
    """Gives the type of a column that holds one of few texts on each row."""
    return f"enum({', '.join(stores.literal(text) for text in sorted({text or '' for text in texts}))})"


def _adds_up(rows: Sequence[parquet.Counted], found: Scan) -> bool:
    """Tells whether each line below a file's header became one row with a time, and no other row came."""
    return (
        sum(row.row_count for row in rows) == found.lines - found.headers
        and all(row.day is not None for row in rows)
        and min((row.first_line for row in rows), default=0) == found.headers + 1
        and max((row.last_line for row in rows), default=0) == found.lines
    )


def _write_careful(con: Any, entry: LogFile, store: Path) -> Written:
    """Reads one file line by line where it must."""
    import pyarrow as pa

    described = entry.format
    assert described is not None
    written = Written(entry.file_id)
    reader = Reader(entry)
    parts: dict[tuple[str, tuple[str, ...]], list[pa.Table]] = {}
    for chunk in reader.chunks():
        written.rejects.extend(chunk.rejects)
        if chunk.table is not None and chunk.format is not None:
            parts.setdefault((chunk.format.name, tuple(chunk.table.column_names[:-1])), []).append(chunk.table)
    written.counts, written.content_hash = reader.counts, reader.content_hash
    names = sorted({name for name, _ in parts})
    if names and names != [described.name]:
        written.assumed = f"several logs in one file: rows of {' and '.join(names)}, by the #Log-type above them"
    for number, ((name, fields), tables) in enumerate(parts.items()):
        log = formats()[name]
        held = entry if name == described.name else as_format(entry, log)
        file_id, server, service, is_old = _of_file(held, reader.version)
        table = pa.concat_tables(tables).rename_columns([*(column(log, f) for f in fields), "line_number"])
        con.register("careful", table)
        parquet.replace_rows(con, "source", OF_FILE, [(file_id, server, service, is_old)])
        texts = ", ".join(f"nullif({quote(name)}, '') as {quote(name)}" for name in table.column_names[:-1])
        of_file = "s.file_id, s.known_server, s.known_service, s.is_old"
        raw = f"(select {texts}, r.line_number, {of_file} from careful r cross join source s)"
        whole = _whole(store, log, f"{file_id}|{reader.content_hash}|{server}|{service}|{number}")
        _store_rows(con, written, events(log, fields, raw, _is_named(held)), whole, log, store)
        con.unregister("careful")
    return written


def _write_parsed(con: Any, entry: LogFile, store: Path) -> Written:
    """Reads a text that is no log with one row a line, by its format's own reader."""
    import pyarrow as pa

    described = entry.format
    assert described is not None and described.parse is not None
    content = entry.local.read_bytes()
    text, said = decode(content, entry.culture)
    lines = physical(text) if text else []
    source = Source(text, entry.path.name, entry.server, entry.culture)
    try:
        parsed = described.parse(source) if text else Parsed([], [])
    except TracelensError:
        raise
    except Exception as error:  # a fault of one format's reader costs its file alone, and is told
        fault = f"a fault of tracelens ({type(error).__name__}: {error}); report it with the file"
        return Written(entry.file_id, error=fault)
    counts = Counts(
        lines=len(lines), headers=parsed.lines.count("h"), events=parsed.lines.count("e"),
        rejects=parsed.lines.count("r"), blank=parsed.lines.count("b"), continuation=parsed.lines.count("c"),
    )  # fmt: skip
    counts.check(str(entry.path))
    written = Written(entry.file_id, counts, content_hash=blake2b(content, digest_size=16).hexdigest())
    shared = ""
    if len(parsed.rows) > counts.events:
        shared = f"{len(parsed.rows):,} rows begin on {count(counts.events, 'line')}"
    written.assumed = "; ".join(filter(None, (said, parsed.assumed, shared)))
    written.rejects = [
        Reject(number, reason, lines[number - 1].rstrip("\r")[:REJECT_CHARS])
        for number, reason in sorted(parsed.rejects.items())
    ]
    if not parsed.rows:
        return written
    table = described.table
    given = {"server": entry.server}
    # column by column: a frame made row by row takes more memory than all the rest
    columns_of = {name: _array([row.get(name, given.get(name)) for row in parsed.rows]) for name in table.names}
    columns_of["file_id"] = pa.array([entry.file_id] * len(parsed.rows), pa.int64())
    con.register("parsed", pa.table(columns_of))
    columns = ", ".join(f"cast({c.name} as {c.type}) as {c.name}" for c in table.columns)
    parts = f"{entry.file_id}|{written.content_hash}|{entry.server}|{entry.service}|{entry.culture}"
    _store_rows(con, written, f"select {columns} from parsed", _whole(store, described, parts), described, store)
    con.unregister("parsed")
    return written


def _array(values: list[Any]) -> pa.Array:
    r"""Gives a column of values; half a character of two, as JSON and CLIXML can hold it, stands as \udNNN."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except UnicodeEncodeError:
        return pa.array([_whole_text(value) for value in values])


def _whole_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole_text(part) for part in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _store_rows(con: Any, written: Written, sql: str, whole: Path, described: LogFormat, store: Path) -> None:
    """Writes a query's rows, all of one file, as segments, and adds them to what reading that file gave."""
    try:
        parquet.copy_out(con, sql, whole)
        counted = parquet.count_rows(con, whole, "date_time" in described.table.names)
        row = _settle(con, whole, counted, described, store).get(written.file_id)
    finally:
        stores.remove(whole)
    if row is not None:
        written.segments += row.segments
        written.first_at = min(filter(None, (written.first_at, row.first_at)), default=None)
        written.last_at = max(filter(None, (written.last_at, row.last_at)), default=None)


def _of_file(entry: LogFile, version: str | None) -> tuple[int, str | None, str | None, bool]:
    return entry.file_id, entry.server, entry.service, bool(version and version.startswith(OLD_VERSIONS))


@dataclass
class Settled:
    """Rows of one file in the segments just written."""

    row_count: int
    first_at: datetime | None
    last_at: datetime | None
    segments: list[tuple[str, str, int]]


def _whole(store: Path, described: LogFormat, *parts: str) -> Path:
    """Gives the file that rows are written to first; its name begins with a key of all that decides the rows."""
    key = blake2b(
        "\n".join((described.name, __version__, str(SCHEMA_VERSION), *parts)).encode(), digest_size=12
    ).hexdigest()
    return store / "segments" / described.table.name / f"{key}.{os.getpid()}.tmp"


def _settle(
    con: Any, whole: Path, counted: Sequence[parquet.Counted], described: LogFormat, store: Path
) -> dict[int, Settled]:
    """Gives rows just written their place: one segment per day."""
    table, key = described.table.name, whole.name.split(".")[0]
    found: dict[int, Settled] = {}
    days = sorted({row.day or UNDATED for row in counted})
    for day in days:
        final = whole.parent / f"day={day}" / f"{key}.parquet"
        if len(days) == 1:
            parquet.move(whole, final)
        else:
            part = whole.with_name(f"{whole.stem}.{day}.tmp")
            chosen = "date_time is null" if day == UNDATED else f"cast(date_time as date) = date '{day}'"
            parquet.copy_out(con, f"select * from read_parquet({stores.literal(whole)}) where {chosen}", part)
            parquet.move(part, final)
        for row in counted:
            if (row.day or UNDATED) != day:
                continue
            segment = (table, final.relative_to(store).as_posix(), row.row_count)
            known = found.setdefault(row.file_id, Settled(0, None, None, []))
            known.row_count += row.row_count
            known.first_at = min(filter(None, (known.first_at, row.first_at)), default=None)
            known.last_at = max(filter(None, (known.last_at, row.last_at)), default=None)
            known.segments.append(segment)
    return found


def without(con: Any, store: Path, path: str, file_ids: Sequence[int]) -> str:
    """Writes a segment anew without the rows of some files; gives the new segment's path.

    Raises:
        StoreError: It cannot be written.
    """
    old = store / path
    gone = ", ".join(str(number) for number in sorted(file_ids))
    key = blake2b(f"{old.stem}|{gone}".encode(), digest_size=12).hexdigest()
    whole = old.with_name(f"{key}.{os.getpid()}.tmp")
    parquet.copy_out(
        con, f"select * from read_parquet({stores.literal(str(old))}) where file_id not in ({gone})", whole
    )
    parquet.move(whole, old.with_name(f"{key}.parquet"))
    return old.with_name(f"{key}.parquet").relative_to(store).as_posix()


def as_datetime(modified_ns: int) -> datetime:
    """Gives a file time as UTC without zone, whole microseconds."""
    return datetime.fromtimestamp(modified_ns // 1000 / 1_000_000, UTC).replace(tzinfo=None)
