#!/usr/bin/env python3
"""All signatures and rules on a store, as a multiple of one full scan of its segments; the slowest rules.

python benchmarks/detect.py [STORE] [--messages 10000 --servers 4 --days 3] [--runs 3] [--slowest 10]

Without a store one is simulated. The scan reads every column of every event once. The store is not changed: detection
runs on a copy of its database.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

from tracelens import detect, store  # noqa: E402
from tracelens.rulebook import Rule  # noqa: E402


def opened(folder: Path, database: Path) -> duckdb.DuckDBPyConnection:
    """Opens a copy of the live database that can be written."""
    shutil.copy(folder / (store.generation(folder) or ""), database)
    con = duckdb.connect(config={"file_search_path": str(folder)})
    con.execute(f"attach {store.literal(database)} as store")
    con.execute("use store")
    con.execute("set timezone = 'UTC'")
    return con


def scan(con: duckdb.DuckDBPyConnection) -> tuple[float, int]:
    """Reads every value of every event once; gives seconds and rows."""
    began, rows = time.perf_counter(), 0
    for table in store.EVENT_TABLES:
        values = ", ".join(f"count({column.name}), max(hash({column.name}))" for column in table.columns)
        rows += con.execute(f"select count(*), {values} from {table.name}").fetchall()[0][0]
    return time.perf_counter() - began, rows


def main() -> None:
    """Prints the ratio and the slowest rules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path, nargs="?")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--slowest", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = options.store.absolute() if options.store else Path(place) / "store"
        if not options.store:
            from tracelens.pipeline import ingest
            from tracelens.simulate import simulate

            simulate(Path(place) / "logs", options.messages, options.servers, options.days, seed=9)
            ingest([Path(place) / "logs"], folder)
        book, scans, totals = detect.rulebook(), [], []
        asked: dict[str, list[float]] = {}
        ask = detect.run

        def timed(asker: Any, rule: Rule) -> list[dict[str, Any]]:
            began = time.perf_counter()
            found = ask(asker, rule)
            asked.setdefault(rule.id, []).append(time.perf_counter() - began)
            return found

        detect.run = timed
        rows = 0
        for number in range(options.runs):
            con = opened(folder, Path(place) / f"copy{number}.duckdb")
            seconds, rows = scan(con)
            scans.append(seconds)
            began = time.perf_counter()
            detect.detect(con, book)
            totals.append(time.perf_counter() - began)
            con.close()
    one, whole = statistics.median(scans), statistics.median(totals)
    rule_time = sum(statistics.median(times) for times in asked.values())
    print(f"{rows:,} events, {os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}")
    print(f"one scan of the segments {one:8.3f} s")
    print(f"signatures and rules     {whole:8.3f} s  {whole / one:5.2f} x scan")
    print(f"of it {len(asked)} of {len(book.rules)} rules {rule_time:8.3f} s (the others' texts were never said)")
    for name, times in sorted(asked.items(), key=lambda entry: -statistics.median(entry[1]))[: options.slowest]:
        print(f"  {statistics.median(times):7.3f} s  {name}")


if __name__ == "__main__":
    main()
