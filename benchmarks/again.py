#!/usr/bin/env python3
"""What an ingest costs when little or nothing is new: many known files, and 10 KB appended to one file.

python benchmarks/again.py [TREE] [--files 10000] [--append 10240]

Without TREE it makes small files, ingests them and asks what it takes when nothing is new; with TREE what an append
takes. Start-up is the time of `tracelens --version`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = (
    "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n"
    "#Date: 2026-03-02T00:00:00.000Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,"
    "remote-endpoint,event,data,context\r\n"
)


def call(*words: object) -> float:
    """Runs tracelens in a process of its own; gives the seconds."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "tracelens", *map(str, words)], check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - began


def row(number: int, session: int) -> str:
    """Gives one row of a conversation."""
    at = f"2026-03-02T{session % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return f"{at},EX01\\Default EX01,{session:016X},{number},192.0.2.1:2525,198.51.100.7:41000,*,,note {number}\r\n"


def start_up() -> float:
    """Gives the seconds that a command takes which does nothing."""
    return min(call("--version") for _ in range(3))


def nothing_new(place: Path, files: int = 10_000) -> None:
    """Prints what an ingest takes beyond start-up when all of many files are known."""
    folder = place / "many" / "EX01" / "TransportRoles" / "Logs" / "Hub" / "ProtocolLog" / "SmtpReceive"
    folder.mkdir(parents=True)
    for number in range(files):
        text = HEAD + "".join(row(at, number + 1) for at in range(5))
        (folder / f"RECV20260302{number % 24:02}-{number // 24 + 1}.LOG").write_text(text, newline="")
    tree, store, start = place / "many", place / "many-store", start_up()
    first = call("ingest", tree, "--store", store) - start
    known = min(call("ingest", tree, "--store", store) for _ in range(3)) - start
    print(f"{'nothing new':<22} {known:7.2f} s  of {files:,} known files (first {first:.1f} s)", end="")
    print(f", beyond {start:.1f} s of start-up (bar 1 s)", flush=True)


def appended(tree: Path, place: Path, count: int = 10_240) -> None:
    """Prints what an ingest takes beyond start-up after some bytes were appended to one log; they are taken off again."""
    store, start = place / "again-store", start_up()
    first = call("ingest", tree, "--store", store) - start
    grown = max(tree.rglob("RECV*.LOG"), key=lambda path: path.stat().st_mtime_ns)
    kept, times = grown.stat().st_size, grown.stat()
    try:
        with grown.open("ab") as stream:
            stream.write("".join(row(at, 1_000_000) for at in range(count // len(row(10, 1_000_000)) + 1)).encode())
        seconds = call("ingest", tree, "--store", store) - start
    finally:
        with grown.open("r+b") as stream:
            stream.truncate(kept)
        os.utime(grown, ns=(times.st_atime_ns, times.st_mtime_ns))
    size = sum(path.stat().st_size for path in tree.rglob("*.LOG"))
    print(f"{f'{count:,} bytes more':<22} {seconds:7.2f} s  in a store of {size / 1e9:.2f} GB of logs", end="")
    print(f" (first {first:.1f} s; bar 5 s at 4 GB)", flush=True)


def main() -> None:
    """Prints the seconds beyond start-up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--append", type=int, default=10_240)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if options.tree is None:
            nothing_new(Path(place), options.files)
        else:
            appended(options.tree, Path(place), options.append)


if __name__ == "__main__":
    main()
