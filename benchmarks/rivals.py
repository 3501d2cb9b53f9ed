#!/usr/bin/env python3
"""Segments and the whole ingest against loading the same rows into SQLite (Python's csv) and into PostgreSQL (COPY), with indexes.

python benchmarks/rivals.py TREE [--postgres "host=/tmp dbname=postgres user=postgres"] [--pairs 3]

Neither rival checks, types, joins or accounts for anything; the indexes are those that searches need: message-id and
session-id. A ratio counts only with equal rows.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.steps import SEGMENTS, WHOLE, run  # noqa: E402
from tracelens.schema import SMTP_FIELDS, TRACKING_2016  # noqa: E402

KINDS = (("track", "MessageTracking", TRACKING_2016), ("proto", "ProtocolLog", SMTP_FIELDS))
INDEXES = (("track", "message_id"), ("track", "network_message_id"), ("proto", "session_id"))


def logs(tree: Path, folder: str) -> list[Path]:
    """Gives the log files of one kind."""
    return sorted(path for path in tree.rglob("*.LOG") if folder in path.parts)


def columns(fields: tuple[str, ...]) -> list[str]:
    """Gives the columns of a header."""
    return [field.replace("-", "_") for field in fields]


def rows(path: Path, width: int) -> Iterator[list[str]]:
    """Gives the rows of one file, filled up to a width."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(line for line in stream if not line.startswith("#")):
            yield row + [""] * (width - len(row))


def into_sqlite(tree: Path, place: Path) -> int:
    """Loads all rows and makes the indexes; gives the rows."""
    with sqlite3.connect(place / "rival.sqlite") as con:
        con.execute("pragma journal_mode = off")
        con.execute("pragma synchronous = off")
        for table, folder, fields in KINDS:
            names = columns(fields)
            con.execute(f"create table {table} ({', '.join(names)})")
            every = itertools.chain.from_iterable(rows(path, len(names)) for path in logs(tree, folder))
            con.executemany(f"insert into {table} values ({', '.join('?' * len(names))})", every)
        for table, name in INDEXES:
            con.execute(f"create index {table}_{name} on {table} ({name})")
        return sum(int(con.execute(f"select count(*) from {table}").fetchone()[0]) for table, _, _ in KINDS)


def into_postgres(tree: Path, dsn: str) -> int:
    """Loads all rows by COPY and makes the indexes; gives the rows."""

    def psql(sql: str, feed: bool = False) -> subprocess.Popen[bytes]:
        command = ["psql", dsn, "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.Popen(command, stdin=subprocess.PIPE if feed else None, stdout=subprocess.PIPE)

    for table, folder, fields in KINDS:
        text = ", ".join(f"{name} text" for name in columns(fields))
        psql(f"drop table if exists {table}; create table {table} ({text})").communicate()
        loading = psql(f"copy {table} from stdin (format csv)", feed=True)
        assert loading.stdin is not None
        for path in logs(tree, folder):
            content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
            while content.startswith(b"#"):
                content = content[content.index(b"\n") + 1 :]
            loading.stdin.write(content)
        loading.stdin.close()
        if loading.wait():
            raise SystemExit("COPY failed")
    for table, name in INDEXES:
        psql(f"create index on {table} ({name})").communicate()
    return sum(int(psql(f"select count(*) from {table}").communicate()[0]) for table, _, _ in KINDS)


def compare(tree: Path, postgres: str, pairs: int) -> None:
    """Prints what rivals take, and how many times that tracelens takes to load the rows and for the whole ingest."""
    loaders: dict[str, Callable[[Path], int]] = {
        "segments": lambda place: run(SEGMENTS, tree, place / "segments")[2],
        "whole ingest": lambda place: run(WHOLE, tree, place / "store")[2],
        "csv to SQLite": lambda place: into_sqlite(tree, place),
    }
    if postgres:
        loaders["PostgreSQL COPY"] = lambda _: into_postgres(tree, postgres)
    seconds: dict[str, list[float]] = {name: [] for name in loaders}
    counts = set()
    for _ in range(pairs):
        for name, load in loaders.items():
            place = Path(tempfile.mkdtemp())
            began = time.perf_counter()
            counts.add(load(place))
            seconds[name].append(time.perf_counter() - began)
            shutil.rmtree(place)
    if len(counts) != 1:
        raise SystemExit(f"the rows differ, so the times say nothing: {counts}")
    taken = {name: statistics.median(seen) for name, seen in seconds.items()}
    for name, bar in (("csv to SQLite", 0.9), ("PostgreSQL COPY", 0.7)):
        if name in taken:
            print(f"{name:<22} {taken[name]:7.2f} s  segments take {taken['segments'] / taken[name]:.2f} x,", end=" ")
            print(f"the whole ingest {taken['whole ingest'] / taken[name]:.2f} x (bar {bar})", flush=True)
        else:
            print(f"{name:<22} not measured: name a running server by --postgres")


def main() -> None:
    """Prints one line a rival."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--postgres", default="", help="Connection of a running server; its tables track and proto go.")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    compare(options.tree, options.postgres, options.pairs)


if __name__ == "__main__":
    main()
