"""A store beside a lake: ledger and tables are its own, the segments stay where they are.

The segment list of such a store names files of the lake by their whole path. A lake in object storage is read through
copies of its segments in the store, which their names keep from being fetched twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tracelens import store as stores
from tracelens.detect import rulebook
from tracelens.errors import InputError, StoreError
from tracelens.lake import READERS, Entry, Lake, place_of
from tracelens.ledger import HOLDING, LAKE, Held, checksum, lake_of, ledger_of, prune, set_aside, still_pruned
from tracelens.lock import lock
from tracelens.pipeline import Account, Build, BuildOptions, Progress, build_here, kinds_of, republish
from tracelens.pointer import generation
from tracelens.schema import SCHEMA_VERSION

Tell = Callable[[Progress], None]


def ingest_lake(
    where: str,
    store: str | os.PathLike[str],
    *,
    memory_limit: str | None = None,
    wait_s: float = 60,
    rule_dirs: Sequence[Path] = (),
    rule_params: Mapping[str, Mapping[str, Any]] | None = None,
    unverified: bool = False,
    inventory: Sequence[Mapping[str, Any]] = (),
    on_progress: Tell | None = None,
    build: Build = build_here,
) -> Account:
    """Builds a store on top of a lake and publishes one new generation; an unchanged lake changes nothing.

    Args:
        where: Folder or URI of the lake.
        store: Folder of the store, made when missing.
        memory_limit: DuckDB's memory limit while building, e.g. `512MB`.
        wait_s: Seconds to wait for another ingest.
        rule_dirs: Folders with further rules.
        rule_params: New values of rule parameters by rule id.
        unverified: Ask the unverified signatures too.
        inventory: Roles of addresses and ranges.
        on_progress: Called as work goes on.
        build: Makes the derived tables: DuckDB itself, or another engine.

    Raises:
        InputError: There is no lake, or nothing in it.
        StoreError: The store cannot be written, holds logs of its own, or another ingest holds it.
    """
    began = time.monotonic()
    tell = on_progress or (lambda _: None)
    folder = Path(store).absolute()
    tell(Progress("discover"))
    book = rulebook([*rule_dirs, folder / "rules"], rule_params, unverified)
    options = BuildOptions(memory_limit, book, tuple(inventory), build)
    lake = Lake(where)
    try:
        with lock(folder, wait_s):
            if lake.local:  # else it would delete what an interrupted run has copied
                stores.tidy(folder)
            held = ledger_of(folder)
            check_beside(folder, held, lake)
            if not lake.local:
                (folder / LAKE).write_text(lake.where + "\n", encoding="utf-8")
            account = _locked(lake, folder, held, options, tell)
            stores.tidy(folder)
    except OSError as error:
        raise stores.unwritable(error.strerror or str(error), folder) from error
    account.generation = generation(folder)
    account.kinds = kinds_of(folder)
    account.seconds = time.monotonic() - began
    return account


def check_beside(folder: Path, held: Held, lake: Lake) -> None:
    """Checks that a store is empty or stands beside this lake.

    Raises:
        StoreError: It holds logs of its own, or another lake's.
    """
    there = lake_of(held, folder)
    if not held.segments or (there and place_of(there) == lake.place):
        return
    what = f"the store stands beside another lake, '{there}'" if there else "the store holds logs of its own"
    raise StoreError(what, where=str(folder), hint="choose another store for this lake: --store DIR")


def _locked(lake: Lake, folder: Path, held: Held, options: BuildOptions, tell: Tell) -> Account:
    entries = list(lake.entries().values())
    if not any(entry.row["format"] for entry in entries):
        raise InputError(
            f"no logs in the lake '{lake.where}'", hint=f"ship some: tracelens collect PATH --lake {lake.where}"
        )
    for entry in entries:
        if entry.schema_version < SCHEMA_VERSION and entry.segments:
            raise StoreError(
                f"an older tracelens wrote '{entry.row['path']}' to the lake (schema {entry.schema_version}, this one"
                f" needs {SCHEMA_VERSION})",
                where=lake.where,
                hint="collect it again with this tracelens",
            )
    before = {row["file_id"]: _state(row) for row in held.files.values()}
    fresh = [entry for entry in entries if before.get(entry.row["file_id"]) != _state(entry.row)]
    account = Account(known_files=len(entries) - len(fresh))
    if fresh or not held.is_up_to_date or held.made_by != options.recipe:
        tell(Progress("read", files_total=len(entries)))
        account.copied_segments, taken = _taken(lake, entries, {entry.row["file_id"] for entry in fresh}, held, folder)
        account.new_files = sum(entry.row["state"] in HOLDING for entry in fresh)
        for entry in fresh:
            row = taken.files[entry.row["file_id"]]
            told = account.skipped if row["state"] == "skipped" else account.failed if row["state"] == "failed" else []
            told.append((row["path"], row["reason"] or ""))
        republish(folder, taken, options, tell)
    return account


def _state(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["size_bytes"], row["modified_at"], row["format"], row["server"], row["service"], row["content_hash"]


def _copy(lake: Lake, names: Iterable[str], folder: Path) -> int:
    """Copies the segments of a lake that the store does not have yet, and counts them."""
    missing = [name for name in sorted(names) if not (folder / name).is_file()]
    with ThreadPoolExecutor(READERS) as pool:
        copying = [pool.submit(lake.fetch, name, folder / name) for name in missing]
        try:
            for done in copying:
                done.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return len(missing)


def _taken(lake: Lake, entries: Sequence[Entry], fresh: set[int], held: Held, folder: Path) -> tuple[int, Held]:
    """Gives how many segments were copied, and the ledger of a lake: what its entries say, less what was set aside."""
    run = int(max((row["ingest_id"] for row in held.files.values()), default=0))
    files: dict[int, dict[str, Any]] = {}
    segments: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    for entry in entries:
        file_id = entry.row["file_id"]
        known = held.files.get(file_id)
        number = run + 1 if file_id in fresh or known is None else known["ingest_id"]
        files[file_id] = {**entry.row, "ingest_id": number}
        segments += [
            {
                "table_name": table,
                "path": (lake.local / path).as_posix() if lake.local else path,
                "file_id": file_id,
                "row_count": rows,
            }
            for table, path, rows in entry.segments
        ]
        rejects += [
            {"file_id": file_id, "line_number": number, "reason": reason, "text": text}
            for number, reason, text in entry.rejects
        ]
    segments = still_pruned(files, held.files, segments)
    copied = 0 if lake.local else _copy(lake, {row["path"] for row in segments}, folder)
    aside = set_aside(files, dict.fromkeys(files, None), segments, folder)
    sums = {row["path"]: row["checksum"] for row in held.segments}
    kept = [row for row in prune(files, segments) if row["file_id"] not in aside]
    for row in kept:
        row["checksum"] = sums.get(row["path"]) or checksum(folder / row["path"])
        sums[row["path"]] = row["checksum"]
    rejects = [row for row in rejects if row["file_id"] not in aside]
    return copied, Held(held.generation, files, kept, rejects, held.made_by)
