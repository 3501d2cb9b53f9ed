"""The straight line: discover, read, normalise, store, build, detect, publish."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tracelens import __version__
from tracelens import store as stores
from tracelens.build import build
from tracelens.culture import is_settled
from tracelens.detect import Rulebook, detect, rulebook
from tracelens.discover import LogFile, discover, recognise
from tracelens.errors import InputError, StoreError
from tracelens.schema import INGEST, LOG_FILE, REJECT, SEGMENT, Table
from tracelens.segments import Written, as_datetime, without, write_all

COUNTED = (
    "line_count",
    "header_count",
    "event_count",
    "reject_count",
    "blank_count",
    "pending_count",
    "continuation_count",
)


@dataclass
class Progress:
    """How far an ingest is.

    Attributes:
        stage: discover, read, build, detect or publish; with the model's name while building.
    """

    stage: str
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


@dataclass
class Account:
    """The closing account of an ingest.

    Attributes:
        kinds: One row per log kind of the whole store: format, files, size_bytes and the line counts.
        skipped: (path, reason) of files of this run that were not read.
        failed: (path, reason) of files of this run that could not be read.
        new_files: Files read in this run.
        known_files: Files of this run that were already in the store, unchanged.
        generation: Live database after the run.
        seconds: Wall time.
    """

    kinds: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    new_files: int = 0
    known_files: int = 0
    generation: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class BuildOptions:
    """How a generation is built: memory limit, signatures and rules, roles that the settings give to addresses."""

    memory_limit: str | None
    book: Rulebook
    inventory: tuple[Mapping[str, Any], ...] = ()

    @property
    def recipe(self) -> str:
        """What decides the outcome but the logs."""
        given = sorted(str(sorted(row.items())) for row in self.inventory)
        roles = f" {blake2b(repr(given).encode(), digest_size=4).hexdigest()}" if given else ""
        return f"{__version__} {self.book.recipe}{roles}"


def ingest(
    paths: Iterable[str | os.PathLike[str]],
    store: str | os.PathLike[str],
    *,
    server: str | None = None,
    service: str | None = None,
    culture: str = "",
    memory_limit: str | None = None,
    wait_s: float = 60,
    workers: int | None = None,
    rule_dirs: Sequence[Path] = (),
    rule_params: Mapping[str, Mapping[str, Any]] | None = None,
    inventory: Sequence[Mapping[str, Any]] = (),
    on_progress: Callable[[Progress], None] | None = None,
) -> Account:
    """Reads logs into a store and publishes one new generation; the same input again changes nothing.

    Args:
        paths: Files and folders.
        store: Folder of the store, made when missing.
        server: Server of files whose folders do not say it.
        service: Service of SMTP logs whose folders do not say it.
        culture: Culture of local times in exports that do not show it, e.g. `de-DE`.
        memory_limit: DuckDB's memory limit while building, e.g. `512MB`.
        wait_s: Seconds to wait for another ingest.
        workers: Reading processes; the number of cores when not given.
        rule_dirs: Folders with further rules.
        rule_params: New values of rule parameters by rule id.
        inventory: Roles of addresses and ranges: network, role and, for a server, its `server` name and `site`.
        on_progress: Called as work goes on.

    Raises:
        InputError: A path does not exist, or there is no log file to read.
        StoreError: The store cannot be written, or another ingest holds it.
    """
    began = time.monotonic()
    tell = on_progress or (lambda _: None)
    folder = Path(store).absolute()
    tell(Progress("discover"))
    files = discover(paths, server, service, culture)
    if not any(entry.format for entry in files):
        raise InputError(
            f"no log files found (looked at {len(files)} files, {sum(e.is_failed for e in files)} of them unreadable)",
            hint="point at the folder that holds MessageTracking or ProtocolLog",
        )
    try:
        with stores.lock(folder, wait_s):
            book = rulebook([*rule_dirs, folder / "rules"], rule_params)
            options = BuildOptions(memory_limit, book, tuple(inventory))
            account = _locked(files, folder, workers, options, tell)
    except OSError as error:
        raise StoreError(f"the store cannot be written: {error.strerror or error}", where=str(folder)) from error
    account.seconds = time.monotonic() - began
    return account


def _locked(
    files: list[LogFile],
    folder: Path,
    workers: int | None,
    options: BuildOptions,
    tell: Callable[[Progress], None],
) -> Account:
    live = stores.generation(folder)
    stores.tidy(folder)
    tables = (LOG_FILE, SEGMENT, REJECT, INGEST)
    files_before, segments, rejects, made = stores.kept_rows(folder, live, *tables) if live else ([], [], [], [])
    ledger = {row["file_id"]: row for row in files_before}
    fresh = [entry for entry in files if not _is_known(entry, ledger.get(entry.file_id))]
    account = Account(known_files=len(files) - len(fresh))
    account.skipped = [
        (str(entry.path), entry.reason or "") for entry in files if entry.format is None and not entry.is_failed
    ]
    account.failed = [(str(entry.path), entry.reason or "") for entry in files if entry.is_failed]
    fresh += _orphaned_copies(files, fresh, ledger)
    is_current = [row["version"] for row in made] == [options.recipe]
    if fresh or not is_current:
        run = int(max((row["ingest_id"] for row in ledger.values()), default=0)) + 1
        written = _read_all([entry for entry in fresh if entry.format], folder, workers, tell)
        account.new_files = sum(not done.error for done in written.values())
        account.failed += [(str(e.path), written[e.file_id].error or "") for e in fresh if _is_broken(e, written)]
        rows = {entry.file_id: _ledger_row(entry, written.get(entry.file_id), run) for entry in fresh}
        rows = {file_id: row for file_id, row in rows.items() if _is_news(row, ledger.get(file_id))}
        ledger.update(rows)
        copies = _set_copies_aside(ledger)
        account.skipped += [(row["path"], row["reason"]) for file_id, row in rows.items() if file_id in copies]
        segments = _without_gone(folder, segments, rows.keys())
        rejects = [row for row in rejects if row["file_id"] not in rows.keys() | copies]
        for file_id in rows.keys() & written.keys():
            done = written[file_id]
            segments += [{"table_name": t, "path": p, "file_id": file_id, "row_count": n} for t, p, n in done.segments]
            rejects += [
                {"file_id": file_id, "line_number": r.line_number, "reason": r.reason, "text": r.text}
                for r in done.rejects
                if file_id not in copies
            ]
        segments = _without_gone(folder, segments, copies)
        if rows or not is_current:
            _publish(folder, list(ledger.values()), segments, rejects, options, tell)
        stores.tidy(folder)
    account.generation = stores.generation(folder)
    account.kinds = stores.ask(
        folder,
        "select format, count(*) as files, cast(sum(size_bytes) as bigint) as size_bytes, "
        + ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in COUNTED)
        + " from log_file where state in ('ingested', 'partial') group by format order by format",
    ).to_dicts()
    return account


def _is_known(entry: LogFile, row: dict[str, Any] | None) -> bool:
    return (
        row is not None
        and row["state"] != "failed"
        and row["size_bytes"] == entry.size_bytes
        and row["modified_at"] == as_datetime(entry.modified_ns)
        and (entry.server is None or row["server"] == entry.server)
        and (entry.service is None or row["service"] == entry.service)
        and is_settled(row["reason"], entry.culture)
    )


def _is_broken(entry: LogFile, written: Mapping[int, Written]) -> bool:
    return entry.file_id in written and written[entry.file_id].error is not None


def _is_news(row: dict[str, Any], old: dict[str, Any] | None) -> bool:
    """Tells whether a row replaces the old one; a file that cannot be read now keeps what was read of it before."""
    return row["state"] != "failed" or old is None or (old["state"] == "failed" and old["reason"] != row["reason"])


def _orphaned_copies(files: list[LogFile], fresh: list[LogFile], ledger: dict[int, dict[str, Any]]) -> list[LogFile]:
    """Gives files that were left out as copies of a file which is now read anew: they may be all that is left of it."""
    renewed = {entry.file_id for entry in fresh}
    here = {entry.file_id: entry for entry in files}
    safe = {
        row["content_hash"]
        for row in ledger.values()
        if row["state"] in ("ingested", "partial") and row["file_id"] not in renewed
    }
    return [
        here.get(row["file_id"]) or recognise(Path(row["path"]), row["server"], row["service"])
        for row in ledger.values()
        if row["state"] == "skipped" and row["content_hash"] and row["content_hash"] not in safe
        if row["file_id"] not in renewed and Path(row["path"]).is_file()
    ]


def _set_copies_aside(ledger: dict[int, dict[str, Any]]) -> set[int]:
    """Marks files with the content of another file as its copies, and gives their ids.

    The first path stays, whatever the order of reading.
    """
    originals: dict[str, str] = {}
    for row in sorted(ledger.values(), key=lambda row: str(row["path"])):
        if row["state"] in ("ingested", "partial") and row["event_count"]:
            originals.setdefault(row["content_hash"], row["path"])
    copies = set()
    for file_id, row in ledger.items():
        original = originals.get(row["content_hash"])
        if original and original != row["path"]:
            row.update(state="skipped", reason=f"copy of {original}", **dict.fromkeys(COUNTED, 0))
            copies.add(file_id)
    return copies


def _ledger_row(entry: LogFile, done: Written | None, run: int) -> dict[str, Any]:
    counts = done.counts if done else None
    failed = entry.is_failed or bool(done and done.error)
    if failed:
        state = "failed"
    elif done is None:
        state = "skipped"
    else:
        state = "partial" if done.counts.pending else "ingested"
    return {
        "file_id": entry.file_id,
        "path": str(entry.path),
        "server": entry.server,
        "service": entry.service,
        "format": entry.format.name if entry.format else None,
        "state": state,
        "reason": (done.error if done and done.error else (done.assumed if done and done.assumed else entry.reason))
        or ("its last line is still being written" if state == "partial" else None),
        "size_bytes": entry.size_bytes,
        "line_count": counts.lines if counts else 0,
        "header_count": counts.headers if counts else 0,
        "event_count": counts.events if counts else 0,
        "reject_count": counts.rejects if counts else 0,
        "blank_count": counts.blank if counts else 0,
        "pending_count": counts.pending if counts else 0,
        "continuation_count": counts.continuation if counts else 0,
        "first_at": done.first_at if done else None,
        "last_at": done.last_at if done else None,
        "modified_at": as_datetime(entry.modified_ns),
        "content_hash": done.content_hash if done else None,
        "ingest_id": run,
    }


def _read_all(
    files: list[LogFile], folder: Path, workers: int | None, tell: Callable[[Progress], None]
) -> dict[int, Written]:
    """Reads files in parallel, in batches of a bounded size."""
    progress = Progress("read", files_total=len(files), bytes_total=sum(entry.size_bytes for entry in files))
    tell(progress)

    def note(batch: Sequence[LogFile]) -> None:
        progress.files_done += len(batch)
        progress.bytes_done += sum(entry.size_bytes for entry in batch)
        tell(progress)

    return write_all(files, folder, workers or os.cpu_count() or 1, note)


def _without_gone(folder: Path, segments: list[dict[str, Any]], gone: Container[int]) -> list[dict[str, Any]]:
    """Gives the segment list without the rows of some files; a segment they share with others is written anew."""
    shared: dict[str, list[dict[str, Any]]] = {}
    for row in segments:
        shared.setdefault(row["path"], []).append(row)
    kept = []
    for old, rows in shared.items():
        leaving = [row["file_id"] for row in rows if row["file_id"] in gone]
        staying = [row for row in rows if row["file_id"] not in gone]
        path = old
        if leaving and staying:
            with stores.scratch(folder) as con:
                path = without(con, folder, old, leaving)
        kept += [{**row, "path": path} for row in staying]
    return kept


def _publish(
    folder: Path,
    ledger: list[dict[str, Any]],
    segments: list[dict[str, Any]],
    rejects: list[dict[str, Any]],
    options: BuildOptions,
    tell: Callable[[Progress], None],
) -> None:
    with stores.open_next(folder, options.memory_limit) as (con, path):
        stamp = datetime.now(UTC).replace(tzinfo=None)
        run = max((row["ingest_id"] for row in ledger), default=1)
        kept: list[tuple[Table, list[dict[str, Any]]]] = [
            (LOG_FILE, ledger),
            (REJECT, rejects),
            (SEGMENT, segments),
            (INGEST, [{"ingest_id": run, "published_at": stamp, "version": options.recipe}]),
        ]
        for table, rows in kept:
            stores.fill_table(con, table, rows)
        stores.create_events(con, [(row["table_name"], row["path"]) for row in segments])
        build(con, lambda name: tell(Progress(f"build {name}")), options.inventory)
        tell(Progress("detect"))
        detect(con, options.book)
        tell(Progress("publish"))
        con.execute("checkpoint")
    stores.publish(folder, path)
