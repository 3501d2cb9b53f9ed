"""The ledger of files: what is known, and which files hold rows that another file holds already.

A file that is the copy or the beginning of another one, or that was moved, is set aside: its rows count once.
"""

from __future__ import annotations

import contextlib
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tracelens import archive, parquet
from tracelens import store as stores
from tracelens.beginnings import first_rows, likely, rows_begin
from tracelens.culture import is_settled
from tracelens.discover import Known, LogFile, discover
from tracelens.errors import StoreError
from tracelens.pointer import generation
from tracelens.schema import INGEST, LOG_FILE, REJECT, SCHEMA_VERSION, SEGMENT
from tracelens.segments import as_datetime
from tracelens.vintage import check_not_newer

Row = dict[str, Any]
HOLDING = ("ingested", "partial", "pruned")
COUNTED = (
    "line_count",
    "header_count",
    "event_count",
    "reject_count",
    "blank_count",
    "pending_count",
    "continuation_count",
)
BLOCK_BYTES = 1024 * 1024
EPOCH = datetime(1970, 1, 1)
DAY = re.compile(r"/day=(\d{4}-\d\d-\d\d)/")
LAKE = "LAKE"
NOT_OF_CONTENT = ("file_id", "server", "service")


@dataclass
class Held:
    """What the live generation holds of the ledger.

    Attributes:
        generation: Its name, None before the first.
        files: Rows of `log_file` by id.
        made_by: What built it: version of tracelens, hash of models, signatures and rules.
        schema_version: Of its tables.
    """

    generation: str | None = None
    files: dict[int, Row] = field(default_factory=dict)
    segments: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    made_by: str | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def is_up_to_date(self) -> bool:
        """Whether its tables are those of this tracelens."""
        return self.schema_version == SCHEMA_VERSION


def ledger_of(folder: Path) -> Held:
    """Reads the ledger of the live generation.

    Raises:
        StoreError: It cannot be read, or a newer tracelens made it.
    """
    live = generation(folder)
    if live is None:
        return Held()
    tables = (LOG_FILE, SEGMENT, REJECT, INGEST)
    rows_of = stores.kept_rows(folder, live, *tables)
    if not rows_of[-1] or rows_of[-1][0].keys() != {*INGEST.names}:
        rows_of = [[{n: row.get(n) for n in t.names} for row in rows] for t, rows in zip(tables, rows_of, strict=True)]
    files, segments, rejects, made = rows_of
    version = made[0]["schema_version"] or 1
    check_not_newer(version, str(folder / live))
    for row in files if version < SCHEMA_VERSION else []:
        row["repeated_count"], row["pruned_count"] = row["repeated_count"] or 0, row["pruned_count"] or 0
    return Held(live, {row["file_id"]: row for row in files}, segments, rejects, made[0]["version"], version)


def lake_of(held: Held, folder: Path) -> str | None:
    """Gives the folder or URI of the lake that a store stands beside, None for a store with segments of its own.

    A store that has copies of the segments names the lake in a file.
    """
    outside = next((row["path"] for row in held.segments if Path(row["path"]).is_absolute()), None)
    if outside:
        return str(Path(outside.rpartition("/segments/")[0]))
    with contextlib.suppress(OSError):
        return (folder / LAKE).read_text(encoding="utf-8").strip() or None
    return None


def check_apart(folder: Path, held: Held) -> None:
    """Checks that a store has segments of its own, which can be added to and written anew.

    Raises:
        StoreError: They are a lake's.
    """
    lake = lake_of(held, folder)
    if lake:
        raise StoreError(
            f"the segments of the store are those of the lake '{lake}'",
            where=str(folder),
            hint=f"ship logs with `tracelens collect PATH --lake {lake}`, then `tracelens ingest --lake {lake}`",
        )


def known_files(rows: Iterable[Row], is_current: bool) -> dict[str, Known]:
    """Gives what the ledger says of files read before, by path.

    Args:
        rows: Rows of `log_file`.
        is_current: The same tracelens wrote them; else it may know by now what it left out then.
    """
    return {
        row["path"]: Known(
            row["size_bytes"], (row["modified_at"] - EPOCH) // timedelta(microseconds=1), row["format"], row["reason"],
            row["head_hash"] or "",
        )
        for row in rows
        if row["state"] != "failed" and (is_current or row["format"])
    }  # fmt: skip


def is_known(entry: LogFile, row: Row | None, is_current: bool = True) -> bool:
    """Tells whether reading a file would give what the ledger has of it."""
    return (
        row is not None
        and row["state"] != "failed"
        and (is_current or entry.format is None or bool(row["format"]))
        and row["size_bytes"] == entry.size_bytes
        and row["modified_at"] == as_datetime(entry.modified_ns)
        and (entry.server is None or row["server"] == entry.server)
        and (entry.service is None or row["service"] == entry.service)
        and is_settled(row["reason"], entry.culture)
    )


def is_left_out(row: Row | None, renewed: Container[int]) -> bool:
    """Tells whether the ledger keeps a file without its rows, and it is not read anew."""
    return row is not None and row["state"] in ("skipped", "pruned") and row["file_id"] not in renewed


def still_pruned(rows: Mapping[int, Row], before: Mapping[int, Row], segments: list[Row]) -> list[Row]:
    """Gives the segments without days that were pruned from files before they were read anew, and says so of them."""
    for file_id, row in rows.items():
        if file_id in before and row["state"] in HOLDING:
            row["pruned_before"] = before[file_id]["pruned_before"]
    return prune(rows, segments)


def prune(files: Mapping[int, Row], segments: list[Row]) -> list[Row]:
    """Gives the segments without the days before each file's `pruned_before`, and counts what goes in the ledger."""
    kept = []
    for segment in segments:
        row = files.get(segment["file_id"])
        day = DAY.search(segment["path"])
        if row and row["pruned_before"] and day and date.fromisoformat(day[1]) < row["pruned_before"]:
            row["pruned_count"] += segment["row_count"]
        else:
            kept.append(segment)
    left = {segment["file_id"] for segment in kept}
    for file_id, row in files.items():
        if row["pruned_count"]:
            row["reason"] = f"{row['pruned_count']} events before {row['pruned_before']} pruned"
            row["state"] = row["state"] if file_id in left else "pruned"
    return kept


def sealed(folder: Path, segments: Sequence[Row]) -> list[Row]:
    """Gives segments, each with the checksum of its bytes."""
    sums = {row["path"]: row["checksum"] for row in segments if row.get("checksum")}
    for path in {row["path"] for row in segments} - sums.keys():
        sums[path] = checksum(folder / path)
    return [{**row, "checksum": sums[row["path"]]} for row in segments]


def checksum(path: Path) -> str:
    """Hashes a file."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def damage(folder: Path, path: str, sums: Container[str]) -> str | None:
    """Gives what is wrong with the bytes of a segment, None if nothing is."""
    if not (folder / path).is_file():
        return "is missing"
    return None if checksum(folder / path) in sums else "has another checksum than when it was written"


def check_intact(folder: Path, segments: Iterable[Row]) -> None:
    """Checks that segments are as they were written, before their rows are written anew under a new checksum.

    Raises:
        StoreError: One is not.
    """
    for path, known in sorted({(row["path"], row["checksum"]) for row in segments if row.get("checksum")}):
        if why := damage(folder, path, {known}):
            raise StoreError(f"segment '{path}' {why}", str(folder), "read its logs again: tracelens store rebuild")


def orphaned(files: Iterable[LogFile], fresh: Sequence[LogFile], ledger: Mapping[int, Row]) -> list[LogFile]:
    """Gives files set aside whose rows go with a file that is read anew: they may be all that is left of them."""
    renewed = {entry.file_id: entry for entry in fresh}
    here = {entry.file_id: entry for entry in files}
    found = []
    for file_id, row in ledger.items():
        holder = renewed.get(row["kept_in"])
        if holder is None or file_id in renewed:
            continue
        if _begins(holder, row["size_bytes"], row["content_hash"]):
            row["reason"] = f"beginning of {holder.path}"
            continue
        entry = here.get(file_id) or found_again(row)
        found += [entry] if entry and entry.format else []
    return found


def set_aside(
    ledger: dict[int, Row], arrived: Mapping[int, LogFile | None], segments: Sequence[Row], folder: Path
) -> set[int]:
    """Marks files whose rows another file holds, in whole or as its beginning; gives the ids of those just marked.

    Of equal files the one that is still there stays, then the first path, whatever the order of reading.

    Args:
        ledger: Rows of `log_file` by id.
        arrived: Files that have just arrived, by id; None where only their rows have.
        segments: What the ledger holds.
        folder: Folder of the store.
    """
    aside = _copies(ledger)
    with contextlib.ExitStack() as stack:

        @cache
        def scratch() -> Any:
            return stack.enter_context(parquet.scratch(folder))

        def first_of(rows: Sequence[Row]) -> Mapping[int, object]:
            return first_rows(scratch(), rows, segments, folder)

        for short, long, is_by_bytes in _pairs(ledger, arrived.keys(), first_of):
            row, holder = ledger[short], ledger[long]
            if holder["kept_in"] is not None or row["kept_in"] is not None or row["state"] not in HOLDING:
                continue
            if is_by_bytes:
                entry = arrived.get(long) or _unchanged(holder)
                is_held = entry is not None and _begins(entry, row["size_bytes"], row["content_hash"])
            else:
                is_held = rows_begin(scratch(), row, holder, segments, folder)
            if is_held:
                _mark(row, holder, _why(row, holder, is_by_bytes))
                aside.add(short)
    return aside


def _copies(ledger: Mapping[int, Row]) -> set[int]:
    groups: dict[str, list[Row]] = {}
    for row in ledger.values():
        if row["content_hash"] and (row["kept_in"] is not None or (row["state"] in HOLDING and row["event_count"])):
            groups.setdefault(row["content_hash"], []).append(row)
    aside = set()
    for rows in groups.values():
        holding = [row for row in rows if row["kept_in"] is None]
        if len(rows) < 2 or not holding:
            continue
        stays = min(holding, key=lambda row: (row["pruned_before"] is None, not _is_there(row["path"]), row["path"]))
        for row in rows:
            if row is not stays and (row["kept_in"] is None or _is_copy(row)):
                if row["kept_in"] is None:
                    aside.add(row["file_id"])
                _mark(row, stays, ("copy of " if _is_there(row["path"]) else "moved to ") + stays["path"])
    return aside


def _is_copy(row: Row) -> bool:
    return str(row["reason"]).startswith(("copy of ", "moved to "))


def is_copy_of(row: Row, file_id: int) -> bool:
    """Tells whether a file was set aside as the same as another one."""
    return bool(row["kept_in"] == file_id) and _is_copy(row)


def _mark(row: Row, holder: Row, reason: str) -> None:
    row.update(state="skipped", reason=reason, kept_in=holder["file_id"], **dict.fromkeys(COUNTED, 0))
    if row["pruned_before"]:
        holder["pruned_before"] = max(filter(None, (holder["pruned_before"], row["pruned_before"])))
    row.update(repeated_count=0, pruned_count=0, pruned_before=None)


def _why(row: Row, holder: Row, is_by_bytes: bool) -> str:
    """Gives why a file is set aside whose rows another one holds."""
    if is_by_bytes:
        return f"beginning of {holder['path']}"
    if row["event_count"] == holder["event_count"]:
        return f"copy of {holder['path']}, saved anew"
    return f"beginning of {holder['path']}, by its rows"


def _pairs(
    ledger: Mapping[int, Row], arrived: Iterable[int], first_of: Callable[[Sequence[Row]], Mapping[int, object]]
) -> Iterator[tuple[int, int, bool]]:
    """Gives pairs (shorter, longer, by their bytes?) of which one has just arrived, the longest first.

    First those whose first bytes agree, then those whose rows may.
    """
    new = set(arrived)
    for short, long in _by_head(ledger, new):
        yield short, long, True
    held = [row for row in ledger.values() if row["state"] in HOLDING and row["event_count"]]
    for row, holder in likely(held, new, lambda row: (not _is_there(row["path"]), row["path"]), first_of):
        yield row["file_id"], holder["file_id"], False


def _by_head(ledger: Mapping[int, Row], new: Container[int]) -> list[tuple[int, int]]:
    held = [row for row in ledger.values() if row["state"] in HOLDING and row["event_count"] and row["head_hash"]]
    by_head = sorted(held, key=lambda row: str(row["head_hash"]))
    heads = [row["head_hash"] for row in by_head]
    pairs = set()
    for row in held:
        head = row["head_hash"]
        at = bisect_left(heads, head)
        while at < len(heads) and heads[at].startswith(head):
            other = by_head[at]
            at += 1
            is_new = row["file_id"] in new or other["file_id"] in new
            if is_new and row["size_bytes"] < other["size_bytes"] and row["format"] == other["format"]:
                pairs.add((row["file_id"], other["file_id"]))
    return sorted(pairs, key=lambda pair: (-ledger[pair[1]]["size_bytes"], ledger[pair[1]]["path"], pair))


def _begins(entry: LogFile, size: int, content_hash: str) -> bool:
    """Tells whether the first bytes of a file have a hash."""
    digest, left = blake2b(digest_size=16), size
    try:
        for block in _blocks(entry, min(size, BLOCK_BYTES)):
            digest.update(block[:left])
            left -= min(left, len(block))
            if not left:
                break
    except OSError:
        return False
    return not left and digest.hexdigest() == content_hash


def _blocks(entry: LogFile, size: int) -> Iterator[bytes]:
    if entry.member:
        yield from archive.blocks(entry.member, size)
        return
    with entry.local.open("rb") as stream:
        while block := stream.read(size):
            yield block


def _unchanged(row: Row) -> LogFile | None:
    """Gives the file of a ledger row where it still is as it was read."""
    entry = found_again(row)
    return entry if entry and is_known(entry, row) else None


def found_again(row: Row) -> LogFile | None:
    """Gives the file of a ledger row where it still is, changed or not."""
    place = place_of(row["path"])
    there = discover([place], row["server"], row["service"]) if place.is_file() else []
    return next((entry for entry in there if entry.file_id == row["file_id"]), None)


def place_of(path: str) -> Path:
    """Gives the file on disk: of something inside an archive, the archive."""
    at = path.find(f"!{os.sep}")
    return Path(path[:at]) if at > 0 and not Path(path).exists() else Path(path)


def _is_there(path: str) -> bool:
    return place_of(path).is_file()
