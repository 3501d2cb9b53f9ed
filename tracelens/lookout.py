"""One look at the store: tell what is new, remember what was told in `<store>/alerts.json`."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tracelens import query
from tracelens.alert import Memory, Quiet, Told, level, news, remember, settle
from tracelens.deliver import Channel, DeliveryError, PartlyDeliveredError
from tracelens.errors import StoreError
from tracelens.lock import lock

FILE = "alerts.json"
VERSION = 1


@dataclass
class Outcome:
    """What came of one look.

    Attributes:
        told: finding_key of all that at least one channel was told.
        held: Number of findings that wait for the end of the quiet hours.
        failures: What could not be delivered, in words.
    """

    told: set[str] = field(default_factory=set)
    held: int = 0
    failures: list[str] = field(default_factory=list)


def look(
    store: str | os.PathLike[str],
    channels: Sequence[Channel],
    *,
    now: datetime,
    severity: str = "high",
    quiet: Quiet | None = None,
    max_age: timedelta | None = None,
    wait_s: float = 60,
) -> Outcome:
    """Tells each channel what it has not been told yet, and remembers it; holds the store's lock meanwhile.

    Args:
        store: Folder of the store.
        channels: Where to tell; each has a memory of its own, so that one that fails does not make others repeat.
        now: This moment, with its time zone.
        severity: From this severity up.
        quiet: Hours in which nothing is told.
        max_age: Findings last seen longer ago are no news.
        wait_s: Seconds to wait for an ingest or another look.

    Raises:
        StoreError: There is no store, it is busy, or `alerts.json` cannot be read or written.
    """
    folder = Path(store).absolute()
    rows = query.ask(folder, "finding", kind="", rule="", severity="info", limit=1_000_000).to_dicts()
    unanswered = query.ask(folder, "rule_run")["rule_id"].to_list()
    outcome = Outcome()
    with contextlib.ExitStack() as held_lock:
        try:
            held_lock.enter_context(lock(folder, wait_s))
        except OSError as error:
            raise StoreError(f"the store cannot be written: {error.strerror or error}", str(folder)) from error
        memory = load(folder)
        before = json.dumps(asdict(memory), sort_keys=True)
        settle(memory, rows, unanswered)
        waiting = set()
        for channel in channels:
            due = news(rows, memory, channel.name, now=now, severity=severity, max_age=max_age)
            held = [entry for entry in due if quiet and quiet.holds(entry.finding, now)]
            waiting |= {entry.finding["finding_key"] for entry in held}
            due = [entry for entry in due if entry not in held]
            if not due:
                continue
            due.sort(key=lambda entry: -level(entry.finding["severity"]))
            try:
                channel.send(due, now)
            except PartlyDeliveredError as error:
                outcome.failures.append(str(error))
            except DeliveryError as error:
                outcome.failures.append(str(error))
                waiting |= {e.finding["finding_key"] for e in due if e.finding["finding_key"] in memory.held}
                continue
            remember(memory, due, channel.name, now)
            outcome.told |= {entry.finding["finding_key"] for entry in due}
        outcome.held = len(waiting)
        memory.held = {key: memory.held.get(key) or now.isoformat(timespec="seconds") for key in sorted(waiting)}
        if json.dumps(asdict(memory), sort_keys=True) != before:
            save(folder, memory)
    return outcome


def load(store: Path) -> Memory:
    """Reads what was told; nothing when there is no file yet.

    Raises:
        StoreError: The file cannot be read or is not ours.
    """
    path = store / FILE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["version"] != VERSION:
            raise ValueError(f"version {held['version']}")
        told = {
            key: {channel: Told(**entry) for channel, entry in channels.items()}
            for key, channels in held["told"].items()
        }
        for told_entry in (entry for channels in told.values() for entry in channels.values()):
            level(told_entry.severity)
        return Memory(told, dict(held["held"]))
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "remove the file to be told of everything once more"
        raise StoreError("what was told cannot be read", str(path), hint) from error


def save(store: Path, memory: Memory) -> None:
    """Writes what was told, all or nothing.

    Raises:
        StoreError: It cannot be written.
    """
    path, draft = store / FILE, store / f"{FILE}.new"
    try:
        with draft.open("w", encoding="utf-8") as stream:
            json.dump({"version": VERSION, **asdict(memory)}, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise StoreError(f"what was told cannot be written: {error.strerror or error}", str(path)) from error
