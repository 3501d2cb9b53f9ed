#!/usr/bin/env python3
"""Ingest against its bars, on the same files in turn: medians of pairs, ratios, peak memory, with equal rows.

python benchmarks/ingest.py [TREE] [--messages 33000 --servers 4 --days 3] [--pairs 5] [--memory-limit 1GB]
    [--growth DAYS_TREE] [--postgres "host=/tmp dbname=postgres user=postgres"] [--only bare small again rivals]

B is the least work that leaves the same rows in a DuckDB file: one read_csv per log kind, all VARCHAR, nothing checked,
typed, joined or accounted for. A ratio counts only with equal rows; they are compared. Without TREE a simulated one is
made. `--growth` names a tree of several days for the bars of growth and memory (`growth.py`); PostgreSQL is measured
only where a running server is named.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import again, growth, rivals  # noqa: E402
from benchmarks.steps import BARE, SEGMENTS, WHOLE, run  # noqa: E402

PARTS = ("bare", "small", "again", "rivals")
LARGE_FILE, SMALL_FILE = 10_000_000, 600_000


def against_bare(tree: Path, folder: Path, pairs: int, limit: str) -> None:
    """Prints segments and the whole ingest as multiples of B, and the size of the store."""
    measured: dict[str, list[tuple[float, float, int]]] = {"bare DuckDB (B)": [], "segments": [], "whole ingest": []}
    for _ in range(pairs):
        measured["bare DuckDB (B)"].append(run(BARE, tree, folder / "bare.db"))
        measured["segments"].append(run(SEGMENTS, tree, folder / "segments"))
        measured["whole ingest"].append(run(WHOLE, tree, folder / "store", limit))
    rows = {name: seen[0][2] for name, seen in measured.items()}
    if len(set(rows.values())) != 1:
        raise SystemExit(f"the rows differ, so the times say nothing: {rows}")
    size = sum(path.stat().st_size for path in tree.rglob("*.LOG"))
    store = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    print(f"{size / 1e9:.2f} GB, {rows['segments']:,} rows, limit {limit or 'default'}")
    base = statistics.median(seconds for seconds, _, _ in measured["bare DuckDB (B)"])
    bars = {"segments": "  (bar 1.2)", "whole ingest": "  (bar 2.5)"}
    for name, seen in measured.items():
        seconds, peak = statistics.median(s for s, _, _ in seen), max(p for _, p, _ in seen)
        print(
            f"{name:<22} {seconds:7.2f} s  {size / 1e6 / seconds:5.0f} MB/s  peak {peak:6,.0f} MB"
            f"  {seconds / base:5.2f} x B{bars.get(name, '')}"
        )
    print(f"{'store':<22} {store / 1e6:7,.0f} MB  1/{size / store:.1f} of the logs (bar 1/8)", flush=True)


def small_files(tree: Path, folder: Path, pairs: int) -> None:
    """Prints what the same bytes take in small files, as a multiple of what they take in large ones."""
    seconds: dict[int, list[float]] = {LARGE_FILE: [], SMALL_FILE: []}
    counts = {size: growth.cut(tree, folder / f"cut{size}", size) for size in seconds}
    for _ in range(pairs):
        for size, seen in seconds.items():
            seen.append(run(SEGMENTS, folder / f"cut{size}", folder / "segments")[0])
    large, small = (statistics.median(seen) for seen in seconds.values())
    print(f"{f'{counts[SMALL_FILE]:,} small files':<22} {small:7.2f} s  {small / large:.2f} x", end="")
    print(f" the time of {counts[LARGE_FILE]} large ones (bar 1.3)", flush=True)


def main() -> None:
    """Prints what is measured, each with its bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, nargs="?")
    parser.add_argument("--messages", type=int, default=33_000)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--memory-limit", default="")
    parser.add_argument("--growth", type=Path, help="A tree of several days.")
    parser.add_argument("--postgres", default="", help="Connection of a running server; its tables track and proto go.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    import duckdb

    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
    with tempfile.TemporaryDirectory() as place:
        folder, tree = Path(place), options.tree
        if tree is None:
            from tracelens.simulate import simulate

            tree = folder / "logs"
            simulate(tree, options.messages, options.servers, options.days, seed=9)
        if "bare" in options.only:
            against_bare(tree, folder, options.pairs, options.memory_limit)
        if "small" in options.only:
            small_files(tree, folder, options.pairs)
        if "again" in options.only:
            again.nothing_new(folder)
            again.appended(tree, folder)
        if "rivals" in options.only:
            rivals.compare(tree, options.postgres, min(options.pairs, 3))
    if options.growth:
        growth.grow(options.growth, [1, 4, 10], ["512MB", "1GB"])


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
