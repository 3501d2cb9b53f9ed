#!/usr/bin/env python3
"""Ingest against bare DuckDB on the same files, in turn: medians of pairs, ratios, peak memory.

python benchmarks/ingest.py [TREE] [--messages 33000 --servers 4 --days 3] [--pairs 5] [--memory-limit 1GB]

B is the least work that leaves the same rows in a DuckDB file: one read_csv per log kind, all VARCHAR, nothing checked,
typed, joined or accounted for. A ratio counts only with equal rows; they are compared.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

BARE = """
import sys, duckdb
from pathlib import Path
from tracelens.schema import SMTP_FIELDS, TRACKING_2013, TRACKING_2016
tree, target = sys.argv[1:3]
con = duckdb.connect(target)
total = 0
for name, folder, fields in (("t", "MessageTracking", TRACKING_2016), ("p", "ProtocolLog", SMTP_FIELDS)):
    files = sorted(str(path) for path in Path(tree).rglob("*.LOG") if folder in path.parts)
    columns = ", ".join(f"'{field.replace('-', '_')}': 'VARCHAR'" for field in fields)
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    con.execute(f"create table {name} as select * from read_csv([{listed}], auto_detect=false, header=false, skip=5,"
                f" delim=',', quote='\\"', escape='\\"', columns={{{columns}}})")
    total += con.execute(f"select count(*) from {name}").fetchall()[0][0]
print(total)
"""
SEGMENTS = """
import sys
from pathlib import Path
from tracelens.discover import discover
from tracelens.segments import write_all
done = write_all([f for f in discover([sys.argv[1]]) if f.format], Path(sys.argv[2]), 2, lambda _: None)
print(sum(w.counts.events for w in done.values()))
"""
WHOLE = """
import sys
from tracelens.pipeline import ingest
account = ingest([sys.argv[1]], sys.argv[2], memory_limit=sys.argv[3] or None)
print(sum(kind["event_count"] for kind in account.kinds))
"""


def run(code: str, tree: Path, target: Path, limit: str = "") -> tuple[float, float, int]:
    """Runs one step in a process of its own; gives wall seconds, peak MB, rows."""
    shutil.rmtree(target, ignore_errors=True)
    target.unlink(missing_ok=True)
    began = time.perf_counter()
    command = [sys.executable, "-c", code, str(tree), str(target), limit]
    done = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    output = done.stdout.read() if done.stdout else ""
    _, status, usage = os.wait4(done.pid, 0)
    if status:
        raise SystemExit(f"a step failed: {output}")
    return time.perf_counter() - began, usage.ru_maxrss / 1000, int(output.split()[-1])


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, nargs="?")
    parser.add_argument("--messages", type=int, default=33_000)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--memory-limit", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, tree = Path(place), options.tree
        if tree is None:
            from tracelens.simulate import simulate

            tree = folder / "logs"
            simulate(tree, options.messages, options.servers, options.days, seed=9)
        size = sum(path.stat().st_size for path in tree.rglob("*.LOG"))
        measured: dict[str, list[tuple[float, float, int]]] = {
            "bare DuckDB (B)": [],
            "segments": [],
            "whole ingest": [],
        }
        for _ in range(options.pairs):
            measured["bare DuckDB (B)"].append(run(BARE, tree, folder / "bare.db"))
            measured["segments"].append(run(SEGMENTS, tree, folder / "segments"))
            measured["whole ingest"].append(run(WHOLE, tree, folder / "store", options.memory_limit))
        rows = {name: seen[0][2] for name, seen in measured.items()}
        if len(set(rows.values())) != 1:
            raise SystemExit(f"the rows differ, so the times say nothing: {rows}")
        store = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
        import duckdb

        print(f"{size / 1e9:.2f} GB, {rows['segments']:,} rows, {os.cpu_count()} cores, {platform.machine()},", end=" ")
        print(
            f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, limit {options.memory_limit or 'default'}"
        )
        print(f"store: {store / 1e6:,.0f} MB, 1/{size / store:.1f} of the logs")
        base = statistics.median(seconds for seconds, _, _ in measured["bare DuckDB (B)"])
        for name, seen in measured.items():
            seconds, peak = statistics.median(s for s, _, _ in seen), max(p for _, p, _ in seen)
            print(
                f"{name:<16} {seconds:7.2f} s  {size / 1e6 / seconds:5.0f} MB/s  {seconds / base:5.2f} x B  peak {peak:,.0f} MB"
            )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
