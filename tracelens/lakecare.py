"""Care of a lake: what it holds, whether it is whole, and deleting what nobody counts any more."""

from __future__ import annotations

from typing import Any

from tracelens.beginnings import has_rows_apart
from tracelens.errors import InputError
from tracelens.lake import Lake, now, unlisted
from tracelens.ledger import HOLDING


def info(where: str) -> dict[str, Any]:
    """Gives what a lake holds, by name.

    Raises:
        InputError: There is none.
        StoreError: It cannot be read.
    """
    lake = _opened(where)
    entries = lake.entries().values()
    rows = [entry.row for entry in entries]
    read = [row for row in rows if row["state"] in HOLDING]
    states = sorted({row["state"] for row in rows})
    listed = {path for entry in entries for _, path, _ in entry.segments}
    return {
        "lake": lake.where,
        "files": len(rows),
        **{f"files {state}": sum(row["state"] == state for row in rows) for state in states},
        "servers": len({row["server"] for row in read if row["server"]}),
        "events": sum(count for entry in entries for _, _, count in entry.segments),
        "rejects": sum(row["reject_count"] for row in read),
        "first day": min((row["first_at"].date().isoformat() for row in read if row["first_at"]), default=None),
        "last day": max((row["last_at"].date().isoformat() for row in read if row["last_at"]), default=None),
        "bytes of logs": sum(row["size_bytes"] for row in read),
        "segments": len(listed),
        "segments not counted": len(lake.names("segments").keys() - listed),
    }


def verify(where: str) -> list[dict[str, str]]:
    """Gives what is wrong: segments that an entry names and that are not there, entries that cannot be read.

    Raises:
        InputError: There is no lake.
        StoreError: It cannot be read.
    """
    lake = _opened(where)
    there = lake.names("segments")
    faults = []
    for entry in lake.entries().values():
        for _, path, _ in entry.segments:
            if path not in there:
                faults.append({"where": path, "what": f"is missing, of '{entry.row['path']}'"})
        stored = sum(count for _, _, count in entry.segments)
        told = entry.row["event_count"]
        is_whole = stored == told or (stored and told and has_rows_apart(entry.row))
        if not is_whole or len(entry.rejects) != entry.row["reject_count"]:
            faults.append({"where": str(entry.row["path"]), "what": "has other rows than its entry says"})
    return sorted(faults, key=lambda fault: (fault["where"], fault["what"]))


def tidy(where: str, keep_hours: float) -> dict[str, int]:
    """Deletes what no entry that counts names and that was written over `keep_hours` ago.

    A store beside the lake that has not been built since may still name such a segment.

    Raises:
        InputError: There is no lake.
        StoreError: It cannot be written.
    """
    lake = _opened(where)
    gone = list(unlisted(lake, now() - keep_hours * 3600))
    for name in gone:
        lake.remove(name)
    return {
        "segments deleted": sum(name.startswith("segments/") and not name.endswith(".tmp") for name in gone),
        "entries deleted": sum(name.startswith("ledger/") and not name.endswith(".tmp") for name in gone),
        "leftovers deleted": sum(name.endswith(".tmp") for name in gone),
    }


def _opened(where: str) -> Lake:
    lake = Lake(where)
    if not lake.names("ledger"):
        raise InputError(f"no lake at '{lake.where}'", hint=f"make one: tracelens collect PATH --lake {lake.where}")
    return lake
