"""Care of a store: what it holds and weighs, whether it is whole, and making it smaller or anew.

Whatever changes a store holds its lock and publishes a new generation; a kill leaves the published one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tracelens import __version__, parquet
from tracelens import store as stores
from tracelens.agreement import count
from tracelens.beginnings import has_rows_apart
from tracelens.build import check_grain, models
from tracelens.discover import LogFile
from tracelens.errors import StoreError, TracelensError
from tracelens.ledger import (
    COUNTED,
    HOLDING,
    Held,
    check_apart,
    check_intact,
    damage,
    is_copy_of,
    lake_of,
    ledger_of,
    prune,
)
from tracelens.lock import lock
from tracelens.migrate import there_again
from tracelens.pipeline import BuildOptions, Progress, republish, without_gone
from tracelens.pointer import databases
from tracelens.schema import SCHEMA_VERSION, TABLES
from tracelens.vintage import check_current

Tell = Callable[[Progress], None]


@dataclass(frozen=True)
class Fault:
    """Something in a store that is not as it must be: what it concerns, and what is wrong."""

    where: str
    what: str


def info(store: str | os.PathLike[str]) -> dict[str, Any]:
    """Gives what a store holds and weighs, by name.

    Raises:
        StoreError: There is no store, or it cannot be read.
    """
    folder = Path(store).absolute()
    held = _ledger(folder)
    check_current(held.schema_version, str(folder))
    holding = [row for row in held.files.values() if row["kept_in"] is None]
    first = min((row["first_at"] for row in holding if row["first_at"]), default=None)
    last = max((row["last_at"] for row in holding if row["last_at"]), default=None)
    read = [row for row in held.files.values() if row["state"] in HOLDING]
    log_bytes = sum(row["size_bytes"] for row in read)
    segments = {row["path"] for row in held.segments}
    segment_bytes = sum((folder / path).stat().st_size for path in segments if (folder / path).is_file())
    live = (folder / str(held.generation)).stat().st_size
    states = sorted({row["state"] for row in held.files.values()})
    return {
        "store": str(folder),
        "lake": lake_of(held, folder),
        "generation": held.generation,
        "generations kept": len(databases(folder)),
        "schema version": held.schema_version,
        "made by": held.made_by,
        "files": len(held.files),
        **{f"files {state}": sum(row["state"] == state for row in held.files.values()) for state in states},
        "events": sum(row["row_count"] for row in held.segments),
        "events repeated": sum(row["repeated_count"] or 0 for row in read),
        "events pruned": sum(row["pruned_count"] or 0 for row in read),
        "first day": first.date().isoformat() if first else None,
        "last day": last.date().isoformat() if last else None,
        "bytes of logs": log_bytes,
        "segments": len(segments),
        "bytes of segments": segment_bytes,
        "bytes of the live database": live,
        "bytes of the folder": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "logs to store": round(log_bytes / (segment_bytes + live), 2) if segment_bytes + live else None,
    }


def verify(store: str | os.PathLike[str]) -> list[Fault]:
    """Compares a store with itself: checksums and rows of segments, counts of the ledger, uniqueness of tables.

    Raises:
        StoreError: There is no store, or it cannot be opened.
    """
    folder = Path(store).absolute()
    held = _ledger(folder)
    check_current(held.schema_version, str(folder))
    faults = _check_segments(folder, held)
    faults += _check_ledger(folder, held, {fault.where for fault in faults})
    if any("is missing" in fault.what or "checksum" in fault.what for fault in faults):
        return faults
    with stores.reading(folder) as con:
        for model in models():
            if model.kind != "table":
                continue
            try:
                check_grain(con, model)
            except TracelensError as error:
                faults.append(Fault(f"table {model.name}", error.what))
            except Exception as error:  # the engine's own errors, of a database that is damaged
                faults.append(Fault(f"table {model.name}", f"cannot be read: {str(error).splitlines()[0]}"))
    return faults


def _check_segments(folder: Path, held: Held) -> list[Fault]:
    faults = []
    told: dict[str, list[dict[str, Any]]] = {}
    for row in held.segments:
        told.setdefault(row["path"], []).append(row)
    with parquet.scratch(folder) as con:
        for path, rows in sorted(told.items()):
            if why := damage(folder, path, {row["checksum"] for row in rows}):
                faults.append(Fault(path, why))
            else:
                place = stores.literal(str(folder / path))
                asked = f"select file_id, count(*) from read_parquet({place}) group by file_id"
                if dict(con.execute(asked).fetchall()) != {row["file_id"]: row["row_count"] for row in rows}:
                    faults.append(Fault(path, "holds other rows than the ledger says"))
    return faults


def _check_ledger(folder: Path, held: Held, damaged: set[str]) -> list[Fault]:
    faults = []
    touched = {row["file_id"] for row in held.segments if row["path"] in damaged}
    events: dict[int, int] = {}
    rejects: dict[int, int] = {}
    for row in held.segments:
        events[row["file_id"]] = events.get(row["file_id"], 0) + row["row_count"]
    for row in held.rejects:
        rejects[row["file_id"]] = rejects.get(row["file_id"], 0) + 1
    for file_id, row in held.files.items():
        stored = events.pop(file_id, 0)
        wanted = row["event_count"] - (row["pruned_count"] or 0) if row["state"] in HOLDING else 0
        is_whole = (
            file_id in touched
            or stored == wanted
            or (stored and has_rows_apart(row) and _lines(folder, held, file_id) <= row["event_count"])
        )
        if not is_whole:
            faults.append(Fault(row["path"], f"has {wanted} events in the ledger and {stored} in the segments"))
        if rejects.pop(file_id, 0) != row["reject_count"]:
            faults.append(Fault(row["path"], "has another number of rejects than the ledger says"))
        if row["line_count"] != sum(row[name] for name in COUNTED if name != "line_count"):
            faults.append(Fault(row["path"], "has lines that are not accounted for"))
    faults += [Fault(f"file {file_id}", "has rows but no place in the ledger") for file_id in events.keys() | rejects]
    return faults


def _lines(folder: Path, held: Held, file_id: int) -> int:
    """Counts the lines of a file that the segments hold rows of."""
    paths = {str(folder / row["path"]) for row in held.segments if row["file_id"] == file_id}
    listed = ", ".join(map(stores.literal, sorted(paths)))
    with parquet.scratch(folder) as con:
        asked = f"select count(distinct line_number) from read_parquet([{listed}]) where file_id = {file_id}"
        return int(con.execute(asked).fetchall()[0][0])


def prune_before(
    store: str | os.PathLike[str], day: date, options: BuildOptions, tell: Tell, wait_s: float = 60
) -> dict[str, int]:
    """Drops the events before a day and builds the tables anew; files are remembered and not read again.

    Raises:
        StoreError: There is no store, it cannot be written, or an ingest holds it.
    """
    with _locked(store, wait_s) as (folder, held):
        before = len({row["path"] for row in held.segments})
        events = sum(row["row_count"] for row in held.segments)
        for row in held.files.values():
            if row["state"] in HOLDING and row["first_at"] and row["first_at"].date() < day:
                row["pruned_before"] = max(filter(None, (row["pruned_before"], day)))
        held.segments = prune(held.files, held.segments)
        left = sum(row["row_count"] for row in held.segments)
        if left < events:
            republish(folder, held, options, tell)
        return {
            "events dropped": events - left,
            "events left": left,
            "segments dropped": before - len({row["path"] for row in held.segments}),
            "files pruned in part": sum(
                bool(r["pruned_count"]) and r["state"] != "pruned" for r in held.files.values()
            ),
            "files pruned in whole": sum(row["state"] == "pruned" for row in held.files.values()),
        }


def compact(store: str | os.PathLike[str], options: BuildOptions, tell: Tell, wait_s: float = 60) -> dict[str, int]:
    """Joins the segments of each table and day to one, with the same rows.

    Raises:
        StoreError: There is no store, it cannot be written, its segments are a lake's, or an ingest holds it.
    """
    with _locked(store, wait_s) as (folder, held):
        check_apart(folder, held)
        check_intact(folder, held.segments)
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in held.segments:
            groups.setdefault((row["table_name"], row["path"].rpartition("/")[0]), []).append(row)
        before = len({row["path"] for row in held.segments})
        joined: list[dict[str, Any]] = []
        for number, ((table, place), rows) in enumerate(sorted(groups.items())):
            tell(Progress("compact", number, len(groups)))
            paths = sorted({row["path"] for row in rows})
            joined += rows if len(paths) == 1 else _joined(folder, table, place, paths, rows)
        held.segments = joined
        after = len({row["path"] for row in joined})
        if after < before:
            republish(folder, held, options, tell)
        return {"segments before": before, "segments after": after}


def _joined(folder: Path, table: str, place: str, paths: list[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    key = blake2b("\n".join(["compact", __version__, *paths]).encode(), digest_size=12).hexdigest()
    columns = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in TABLES[table].columns)
    order = "date_time, file_id, line_number" if "date_time" in TABLES[table].names else "file_id, line_number"
    listed = ", ".join(stores.literal(str(folder / path)) for path in paths)
    part, final = folder / place / f"{key}.{os.getpid()}.tmp", folder / place / f"{key}.parquet"
    with parquet.scratch(folder) as con:
        parquet.copy_out(
            con, f"select {columns} from read_parquet([{listed}], hive_partitioning = false) order by {order}", part
        )
    parquet.move(part, final)
    counts: dict[int, int] = {}
    for row in rows:
        counts[row["file_id"]] = counts.get(row["file_id"], 0) + row["row_count"]
    path = final.relative_to(folder).as_posix()
    return [
        {"table_name": table, "path": path, "file_id": file_id, "row_count": count, "checksum": None}
        for file_id, count in counts.items()
    ]


def rebuild(
    store: str | os.PathLike[str], options: BuildOptions, tell: Tell, wait_s: float = 60, without_lost: bool = False
) -> dict[str, int]:
    """Builds all tables anew from the segments; brings an older store up to date.

    Logs whose segments are damaged or missing, or whose counts do not add up, are read again, or a copy of them.

    Args:
        store: Folder of the store.
        options: How it is built.
        tell: Called as work goes on.
        wait_s: Seconds to wait for another writer.
        without_lost: Let go of files whose rows are damaged and that cannot be read again.

    Raises:
        StoreError: There is no store, it cannot be written, an ingest holds it, or rows are lost for good.
    """
    with _locked(store, wait_s) as (folder, held):
        is_ours = held.is_up_to_date and not lake_of(held, folder)
        damaged, again, lost = _to_repair(folder, held) if is_ours else (set(), [], [])
        if lost and not without_lost:
            raise StoreError(
                f"rows of {count(len(lost), 'file')} are damaged or missing and the logs are gone, first"
                f" '{held.files[lost[0]]['path']}'",
                where=str(folder),
                hint="put the logs back where they were, or go on without these files: --without-lost",
            )
        for file_id in lost:
            reason = "its rows were lost with a damaged segment, and it is gone"
            held.files[file_id].update(state="failed", reason=reason, repeated_count=0, pruned_count=0)
            held.files[file_id].update(dict.fromkeys(COUNTED, 0))
        for path in damaged:  # what is read again gets the same name
            stores.remove(folder / path)
        held.segments = without_gone(folder, held.segments, lost)
        held.rejects = [row for row in held.rejects if row["file_id"] not in lost]
        republish(folder, held, options, tell, again)
        return {
            "files": len(held.files),
            "files read again": len(again),
            "files lost": len(lost),
            "events": sum(row["row_count"] for row in held.segments),
            "schema version": SCHEMA_VERSION,
        }


def _to_repair(folder: Path, held: Held) -> tuple[set[str], list[LogFile], list[int]]:
    """Takes damaged segments from the ledger; gives them, files to read again, and ids of those that are lost."""
    damaged = {fault.where for fault in _check_segments(folder, held)}
    wrong = {fault.where for fault in _check_ledger(folder, held, damaged)}
    hit = {row["file_id"] for row in held.segments if row["path"] in damaged} & held.files.keys()
    hit |= {file_id for file_id, row in held.files.items() if row["path"] in wrong}
    held.segments = [row for row in held.segments if row["path"] not in damaged and row["file_id"] in held.files]
    again, gone = there_again(held, hit)
    copies = {file_id: [n for n, row in held.files.items() if is_copy_of(row, file_id)] for file_id in gone}
    for file_id in gone:
        again += there_again(held, copies[file_id])[0]
    known = {entry.file_id for entry in again}
    return damaged, again, [file_id for file_id in gone if not known & set(copies[file_id])]


@contextlib.contextmanager
def _locked(store: str | os.PathLike[str], wait_s: float) -> Iterator[tuple[Path, Held]]:
    folder = Path(store).absolute()
    _ledger(folder)
    try:
        with lock(folder, wait_s):
            stores.tidy(folder)
            yield folder, ledger_of(folder)
            stores.tidy(folder)
    except OSError as error:
        raise stores.unwritable(error.strerror or str(error), folder) from error


def _ledger(folder: Path) -> Held:
    held = ledger_of(folder)
    if held.generation is None:
        raise StoreError(f"no store at '{folder}'", hint=f"make one: tracelens ingest PATH --store {folder}")
    return held
