"""Logs to a lake: reads, guards and normalises, and ships the segments; no analysis and no lock.

Several collectors may write to one lake at one time: names tell contents, so whoever ships what is there already
changes nothing. Each file has segments of its own, so that one that has grown replaces nobody else's rows.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracelens import archive, parquet
from tracelens.discover import LogFile, check_any, discover
from tracelens.errors import StoreError, UsageError
from tracelens.lake import NAME, Entry, Lake, file_of, name_of, packed, rank
from tracelens.ledger import COUNTED, HOLDING
from tracelens.pipeline import Account, Progress, ledger_row
from tracelens.segments import write_batch

NOT_SHIPPED = ("ingest_id",)


def collect(
    paths: Iterable[str | os.PathLike[str]],
    where: str,
    *,
    host: str = "",
    server: str | None = None,
    service: str | None = None,
    culture: str = "",
    workers: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Account:
    """Reads logs into a lake; the same input again, or by another collector, changes nothing.

    Args:
        paths: Files and folders.
        where: Folder or URI of the lake, made when missing.
        host: Machine the paths are of, where several machines ship files from folders of the same name.
        server: Server of files whose folders do not say it.
        service: Service of SMTP logs whose folders do not say it.
        culture: Culture of local times in exports that do not show it, e.g. `de-DE`.
        workers: Reading threads; the number of cores when not given.
        on_progress: Called as work goes on.

    Returns:
        The account of this run's files, without a generation.

    Raises:
        InputError: A path does not exist, or there is no log file to read.
        StoreError: The lake cannot be written, or holds another machine's files under the same paths.
        UsageError: The host is no name, or the URI names nothing that can be opened.
    """
    began = time.monotonic()
    if set(host) & set('/\\:*?"<>| \t'):
        raise UsageError(f"'{host}' is no name of a machine", hint="--host EX01")
    tell = on_progress or (lambda _: None)
    tell(Progress("discover"))
    lake = Lake(where)
    files = discover(paths, server, service, culture, apart=lake.local)
    if host:
        files = [replace(entry, host=host) for entry in files]
    check_any(files)
    held: dict[int, list[str]] = {}
    for name in lake.names("ledger"):
        file_id = file_of(name)
        if file_id is not None:
            held.setdefault(file_id, []).append(name)
    fresh = [entry for entry in files if not _is_held(entry, held.get(entry.file_id, ()))]
    _check_same(lake, fresh, held)
    rows = _ship_all(lake, fresh, held, workers, tell)
    account = Account(known_files=len(files) - len(fresh), kinds=_kinds(rows))
    account.new_files = sum(row["state"] in HOLDING for row in rows)
    account.skipped = [(row["path"], row["reason"] or "") for row in rows if row["state"] == "skipped"]
    account.failed = [(row["path"], row["reason"] or "") for row in rows if row["state"] == "failed"]
    account.seconds = time.monotonic() - began
    return account


def _is_held(entry: LogFile, names: Sequence[str]) -> bool:
    """Tells whether the lake has this state of a file, or a newer one."""
    if entry.is_failed:
        return any(rank(name).is_read for name in names)
    own = name_of(entry)
    newest = max((rank(name) for name in names if rank(name).is_read), default=None)
    return own in names or (newest is not None and newest.modified_us > rank(own).modified_us)


def _check_same(lake: Lake, fresh: Sequence[LogFile], held: dict[int, list[str]]) -> None:
    """Checks that files of the lake with the same path are earlier states of the same file, not another machine's.

    Logs only grow. A file of the same path that begins with another row is another file.
    """
    for entry in fresh:
        names = [name for name in held.get(entry.file_id, ()) if rank(name).is_read]
        if not names or not entry.head_hash or entry.host:
            continue
        before = lake.entries([max(names, key=rank)])
        for row in (one.row for one in before.values()):
            first = str(row["head_hash"] or "")[:10]
            if first and first != entry.head_hash[:10]:
                raise StoreError(
                    f"the lake has another file '{row['path']}', perhaps another machine's",
                    where=lake.where,
                    hint="say of which machine the paths are: --host NAME",
                )


def _ship_all(
    lake: Lake,
    fresh: Sequence[LogFile],
    held: dict[int, list[str]],
    workers: int | None,
    tell: Callable[[Progress], None],
) -> list[dict[str, Any]]:
    progress = Progress("read", files_total=len(fresh), bytes_total=sum(entry.size_bytes for entry in fresh))
    tell(progress)
    rows = []
    place = Path(tempfile.mkdtemp(prefix="tracelens-"))
    count = min(workers or os.cpu_count() or 1, len(fresh)) or 1
    try:
        with archive.SHELF.kept(), parquet.scratches(place, count) as lent, ThreadPoolExecutor(count) as pool:
            pending = {
                pool.submit(_ship, lake, entry, place, lent, held.get(entry.file_id, ())): entry for entry in fresh
            }
            try:
                for future in as_completed(pending):
                    rows.append(future.result())
                    progress.files_done += 1
                    progress.bytes_done += pending[future].size_bytes
                    tell(progress)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return sorted(rows, key=lambda row: str(row["path"]))


def _ship(
    lake: Lake, entry: LogFile, place: Path, lent: Callable[[], AbstractContextManager[Any]], names: Sequence[str]
) -> dict[str, Any]:
    """Reads one file and ships its segments, then the entry that names them."""
    done = None
    if entry.format:
        with lent() as con:
            done = write_batch([entry], place, con)[entry.file_id]
    row = ledger_row(entry, done, 0)
    is_failed = row["state"] == "failed"
    segments = sorted(done.segments) if done and not is_failed else []
    for _, path, _ in segments:
        lake.put(path, place / path)
        (place / path).unlink()
    rejects = [(r.line_number, r.reason, r.text) for r in done.rejects] if done and not is_failed else []
    if not (is_failed and any(rank(name).is_read for name in names)):
        told = Entry({name: value for name, value in row.items() if name not in NOT_SHIPPED}, segments, rejects)
        own = name_of(entry, is_failed)
        lake.put(own, packed(told))
        for name in names:
            if name != own and _is_same_state(name, own):
                lake.remove(name)
    return row


def _is_same_state(name: str, own: str) -> bool:
    """Tells whether two entries are of one state of a file, read with different options."""
    one, other = NAME.search(name), NAME.search(own)
    return bool(one and other and one.group(2, 3) == other.group(2, 3))


def _kinds(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gives the lines of each kind of log that were read."""
    kinds: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["state"] not in HOLDING:
            continue
        kind = kinds.setdefault(
            row["format"], {"format": row["format"], "files": 0, "size_bytes": 0, **dict.fromkeys(COUNTED, 0)}
        )
        kind["files"] += 1
        for name in ("size_bytes", *COUNTED):
            kind[name] += row[name]
    return [{**kinds[name], "repeated_count": 0, "pruned_count": 0} for name in sorted(kinds)]
