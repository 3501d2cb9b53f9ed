"""The straight line: discover, read, normalise, store, build, detect, publish."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from tracelens import __version__, parquet
from tracelens import store as stores
from tracelens.asker import Asker, Here
from tracelens.build import build
from tracelens.detect import Rulebook, detect, rulebook
from tracelens.discover import LogFile, check_any, discover
from tracelens.errors import ConfigError, StoreError
from tracelens.ledger import (
    COUNTED,
    Held,
    check_apart,
    check_intact,
    is_known,
    is_left_out,
    known_files,
    ledger_of,
    orphaned,
    prune,
    sealed,
    set_aside,
    still_pruned,
)
from tracelens.lock import lock
from tracelens.migrate import to_read_again
from tracelens.pointer import generation
from tracelens.repeats import set_repeats_aside
from tracelens.schema import DUPLICATE, INGEST, LOG_FILE, REJECT, SCHEMA_VERSION, SEGMENT, Table
from tracelens.segments import Written, as_datetime, without, write_all

SIZE = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*[kmgt](?:i?b)?|(?:100|\d?\d)\s*%)\s*", re.IGNORECASE)
"""A size of memory as DuckDB takes it."""
Build = Callable[[Any, Callable[[str], None], Sequence[Mapping[str, Any]]], AbstractContextManager[Asker]]
"""Makes the derived tables in an open database, and answers the rules' questions until it is left."""


@contextmanager
def build_here(con: Any, on_model: Callable[[str], None], inventory: Sequence[Mapping[str, Any]]) -> Iterator[Asker]:
    """Builds by DuckDB, in the open database."""
    build(con, on_model, inventory)
    yield Here(con)


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
        copied_segments: Segments copied from a lake in object storage.
        generation: Live database after the run.
        seconds: Wall time.
    """

    kinds: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    new_files: int = 0
    known_files: int = 0
    copied_segments: int = 0
    generation: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class BuildOptions:
    """How a generation is built.

    Attributes:
        memory_limit: Of DuckDB.
        book: Signatures and rules.
        inventory: Roles that the settings give to addresses.
        build: Makes the derived tables: DuckDB itself, or another engine.
    """

    memory_limit: str | None
    book: Rulebook
    inventory: tuple[Mapping[str, Any], ...] = ()
    build: Build = build_here

    def __post_init__(self) -> None:
        """Checks the memory limit before anything is read.

        Raises:
            ConfigError: It is none that DuckDB takes.
        """
        if self.memory_limit is not None and not SIZE.fullmatch(str(self.memory_limit)):
            raise ConfigError(
                f"'{self.memory_limit}' is no size of memory", "--memory-limit", "write 512MB, 4GB or 50%"
            )

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
    unverified: bool = False,
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
        unverified: Ask the unverified signatures too.
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
    book = rulebook([*rule_dirs, folder / "rules"], rule_params, unverified)
    options = BuildOptions(memory_limit, book, tuple(inventory))
    held = ledger_of(folder)
    is_current = held.is_up_to_date and held.made_by == options.recipe
    files = discover(paths, server, service, culture, known_files(held.files.values(), is_current), folder)
    check_any(files)
    try:
        with lock(folder, wait_s):
            if generation(folder) != held.generation:
                held = ledger_of(folder)
            account = _locked(files, folder, held, workers, options, tell)
    except OSError as error:
        raise stores.unwritable(error.strerror or str(error), folder) from error
    account.seconds = time.monotonic() - began
    return account


def _locked(
    files: list[LogFile],
    folder: Path,
    held: Held,
    workers: int | None,
    options: BuildOptions,
    tell: Callable[[Progress], None],
) -> Account:
    check_apart(folder, held)
    stores.tidy(folder)
    ledger = held.files
    is_current = held.is_up_to_date and held.made_by == options.recipe
    fresh = [entry for entry in files if not is_known(entry, ledger.get(entry.file_id), is_current)]
    account = Account(known_files=len(files) - len(fresh))
    renewed = {entry.file_id for entry in fresh}
    account.skipped = [
        (str(entry.path), entry.reason or "")
        for entry in files
        if not entry.is_failed and (entry.format is None or is_left_out(ledger.get(entry.file_id), renewed))
    ]
    account.failed = [(str(entry.path), entry.reason or "") for entry in files if entry.is_failed]
    fresh += orphaned(files, fresh, ledger)
    fresh += [entry for entry in to_read_again(folder, held) if entry.file_id not in renewed]
    if fresh or not is_current:
        held.files = {number: row for number, row in ledger.items() if not _can_be_listed_now(row)}
        taken = _take_in(fresh, folder, held, workers, tell)
        account.new_files = sum(not done.error for done in taken.written.values())
        account.failed += [(str(e.path), taken.written[e.file_id].error or "") for e in fresh if taken.is_broken(e)]
        aside = (held.files[number] for number in taken.renewed if number in taken.aside)
        account.skipped += [(row["path"], row["reason"]) for row in aside]
        if taken.renewed or not is_current:
            _publish(folder, held, options, tell)
        stores.tidy(folder)
    account.generation = generation(folder)
    account.kinds = kinds_of(folder)
    return account


def kinds_of(folder: Path) -> list[dict[str, Any]]:
    """Gives one row per kind of log that a store holds: files, bytes and what became of the lines."""
    counts = (*COUNTED, "repeated_count", "pruned_count")
    sums = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in counts)
    name = generation(folder)
    if name is None:
        return []
    return stores.told_rows(
        folder,
        name,
        f"select format, count(*) as files, cast(sum(size_bytes) as bigint) as size_bytes, {sums}"
        " from log_file where state in ('ingested', 'partial', 'pruned') group by format order by format",
    )[0]


@dataclass
class Taken:
    """What reading files brought.

    Attributes:
        written: What reading gave, by file.
        renewed: Files whose rows in the ledger are new.
        aside: Files set aside, as another one holds their rows.
    """

    written: dict[int, Written]
    renewed: list[int]
    aside: set[int]

    def is_broken(self, entry: LogFile) -> bool:
        """Tells whether a file could not be read to its end."""
        return entry.file_id in self.written and self.written[entry.file_id].error is not None


def _take_in(
    fresh: list[LogFile], folder: Path, held: Held, workers: int | None, tell: Callable[[Progress], None]
) -> Taken:
    """Reads files and puts what they give in place of what the ledger held of them."""
    run = int(max((row["ingest_id"] for row in held.files.values()), default=0)) + 1
    written = _read_all([entry for entry in fresh if entry.format], folder, workers, tell)
    rows = {entry.file_id: ledger_row(entry, written.get(entry.file_id), run) for entry in fresh}
    rows = {file_id: row for file_id, row in rows.items() if _is_news(row, held.files.get(file_id))}
    segments = without_gone(folder, held.segments, rows.keys())
    for file_id in rows.keys() & written.keys():
        done = written[file_id]
        segments += [{"table_name": t, "path": p, "file_id": file_id, "row_count": n} for t, p, n in done.segments]
    segments = still_pruned(rows, held.files, segments)
    held.files.update(rows)
    aside = set_aside(held.files, {e.file_id: e for e in fresh if e.file_id in rows}, segments, folder)
    held.segments = prune(held.files, without_gone(folder, segments, aside))
    held.rejects = [row for row in held.rejects if row["file_id"] not in rows.keys() | aside]
    held.rejects += [
        {"file_id": file_id, "line_number": r.line_number, "reason": r.reason, "text": r.text}
        for file_id in (rows.keys() & written.keys()) - aside
        for r in written[file_id].rejects
    ]
    return Taken(written, list(rows), aside)


def republish(
    folder: Path,
    held: Held,
    options: BuildOptions,
    tell: Callable[[Progress], None],
    again: Sequence[LogFile] = (),
) -> None:
    """Publishes a generation of a ledger as it stands, with all tables built anew; the caller has the lock.

    Args:
        folder: Folder of the store.
        held: Its ledger.
        options: How it is built.
        tell: Called as work goes on.
        again: Files that are read anew first, besides those of an older store.

    Raises:
        StoreError: It cannot be written, or files of an older store would have to be read again and cannot.
    """
    known = {entry.file_id for entry in again}
    again = [*again, *(entry for entry in to_read_again(folder, held) if entry.file_id not in known)]
    if again:
        taken = _take_in(again, folder, held, None, tell)
        broken = [entry for entry in again if taken.is_broken(entry)]
        if broken:
            raise StoreError(f"'{broken[0].path}' cannot be read again", str(folder), "ingest into another store")
    _publish(folder, held, options, tell)


def _can_be_listed_now(row: Mapping[str, Any]) -> bool:
    """Tells whether a row of the ledger is a folder that could not be listed once, and can be."""
    return row["state"] == "failed" and os.access(row["path"], os.R_OK | os.X_OK) and Path(row["path"]).is_dir()


def _is_news(row: dict[str, Any], old: dict[str, Any] | None) -> bool:
    """Tells whether a row replaces the old one; a file that cannot be read now keeps what was read of it before."""
    return row["state"] != "failed" or old is None or (old["state"] == "failed" and old["reason"] != row["reason"])


def ledger_row(entry: LogFile, done: Written | None, run: int) -> dict[str, Any]:
    """Gives a file's row of `log_file` after it was read, or not read."""
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
        "path": str(entry.address),
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
        "head_hash": entry.head_hash,
        "kept_in": None,
        "repeated_count": 0,
        "pruned_before": None,
        "pruned_count": 0,
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


def without_gone(folder: Path, segments: list[dict[str, Any]], gone: Container[int]) -> list[dict[str, Any]]:
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
            check_intact(folder, staying)
            with parquet.scratch(folder) as con:
                path = without(con, folder, old, leaving)
        checksum = {} if path == old else {"checksum": None}
        kept += [{**row, "path": path, **checksum} for row in staying]
    return kept


def _publish(folder: Path, held: Held, options: BuildOptions, tell: Callable[[Progress], None]) -> None:
    ledger, segments = list(held.files.values()), sealed(folder, held.segments)
    with stores.open_next(folder, options.memory_limit) as (con, path):
        stamp = datetime.now(UTC).replace(tzinfo=None)
        run = max((row["ingest_id"] for row in ledger), default=1)
        kept: list[tuple[Table, list[dict[str, Any]]]] = [
            (LOG_FILE, ledger),
            (REJECT, held.rejects),
            (SEGMENT, segments),
            (
                INGEST,
                [
                    {
                        "ingest_id": run,
                        "published_at": stamp,
                        "version": options.recipe,
                        "schema_version": SCHEMA_VERSION,
                    }
                ],
            ),
            (DUPLICATE, []),
        ]
        for table, rows in kept:
            stores.fill_table(con, table, rows)
        events = [(row["table_name"], row["path"]) for row in segments]
        stores.create_events(con, events)
        if set_repeats_aside(con):
            stores.create_events(con, events)
        with options.build(con, lambda name: tell(Progress(f"build {name}")), options.inventory) as asker:
            tell(Progress("detect"))
            detect(con, options.book, asker)
        tell(Progress("publish"))
        con.execute("checkpoint")
    stores.publish(folder, path)
