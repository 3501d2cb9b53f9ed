#!/usr/bin/env python3
"""Links and paths of a store as a multiple of one full scan of its segments, and how long look-ups take.

python benchmarks/path.py STORE [--memory-limit 1GB] [--runs 8] [--no-build]

The scan reads every column of every event once. Sessions and transactions are built first and not counted; what is
counted is every model from the joins to the gaps (`sql/15_` to `sql/25_`). Look-ups run in one warm process, each on a
locked connection of its own as the command line and the pages do: the first one, and the median of all.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402
from detect import scan  # noqa: E402

from tracelens import query, store  # noqa: E402
from tracelens.build import build as make_models  # noqa: E402

COUNTED = range(15, 26)


def build(folder: Path, database: Path, limit: str) -> dict[str, float]:
    """Builds all models anew in a copy; gives the seconds of each counted one, and of a scan as `scan`.

    What is laid down after a group of models counts to the last of them.
    """
    shutil.copy(folder / (store.generation(folder) or ""), database)
    config = {"memory_limit": limit, "preserve_insertion_order": False, "temp_directory": f"{database}.tmp"}
    con = duckdb.connect(config={"file_search_path": str(folder), **config})
    con.execute(f"attach {store.literal(database)} as store")
    con.execute("use store")
    con.execute("set timezone = 'UTC'")
    seconds = {"scan": statistics.median(scan(con)[0] for _ in range(3))}
    told: list[tuple[str, float]] = []
    make_models(con, lambda name: told.append((name, time.perf_counter())))
    con.close()
    files = sorted(entry.name for entry in resources.files("tracelens").joinpath("sql").iterdir())
    number = {name.split("_", 1)[1].removesuffix(".sql"): int(name[:2]) for name in files if name.endswith(".sql")}
    for (name, began), (_, ended) in pairwise([*told, ("", time.perf_counter())]):
        if number[name] in COUNTED and name != "latency_component":
            seconds[name] = seconds.get(name, 0.0) + ended - began
    return seconds


def look_ups(folder: Path) -> dict[str, Callable[[], object]]:
    """Gives look-ups for a message from the middle of the store."""
    chosen = store.ask(
        folder,
        "select m.message_id, m.message_key, m.sender_address, m.message_subject, max(l.recipient_address) as recipient"
        " from message m join leg l on l.message_key = m.message_key where m.hop_count > 2 and not m.is_noise"
        " group by all order by m.message_key limit 1",
    ).to_dicts()[0]
    key = store.ask(folder, "select max(session_key) as key from session where message_count > 0").to_dicts()[0]["key"]
    subject = str(chosen["message_subject"])
    return {
        "message-id": lambda: query.search(folder, message_id=chosen["message_id"]),
        "trace with log rows": lambda: query.path(folder, chosen["message_key"], with_rows=True),
        "sender": lambda: query.search(folder, sender=chosen["sender_address"]),
        "recipient": lambda: query.search(folder, recipient=chosen["recipient"]),
        "part of a subject": lambda: query.search(folder, subject=subject[1:-1]),
        "session": lambda: query.conversation(folder, key),
    }


def main() -> None:
    """Prints the ratio, the slowest models and the look-ups."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path)
    parser.add_argument("--memory-limit", default="1GB")
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--no-build", action="store_true", help="Look-ups only.")
    options = parser.parse_args()
    folder = options.store.absolute()
    logs = store.ask(folder, "select sum(size_bytes) as bytes from log_file where state in ('ingested', 'partial')")
    print(f"{int(logs['bytes'][0]) / 1e9:.2f} GB of logs, {os.cpu_count()} cores, Python {platform.python_version()},")
    print(f"DuckDB {duckdb.__version__}, limit {options.memory_limit}")
    for name, look in look_ups(folder).items():
        times = []
        for _ in range(options.runs):
            began = time.perf_counter()
            look()
            times.append(1000 * (time.perf_counter() - began))
        print(f"{name:<20} first {times[0]:7.0f} ms   median {statistics.median(times):7.0f} ms")
    if options.no_build:
        return
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        seconds = build(folder, Path(place) / "copy.duckdb", options.memory_limit)
    one = seconds.pop("scan")
    whole = sum(seconds.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"one scan of the segments {one:8.2f} s")
    print(f"links and paths          {whole:8.2f} s  {whole / one:5.1f} x scan   peak {peak:,.0f} MB")
    for name, taken in sorted(seconds.items(), key=lambda entry: -entry[1])[:8]:
        print(f"  {taken:8.2f} s  {name}")


if __name__ == "__main__":
    main()
