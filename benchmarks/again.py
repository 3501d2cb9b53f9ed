#!/usr/bin/env python3
"""What an ingest costs when little or nothing is new: many known files, and 10 KB appended to one file.

python benchmarks/again.py [TREE] [--files 10000] [--append 10240]

Without TREE it makes small files and ingests them first. Start-up is the time of `tracelens --version`.
"""

from __future__ import annotations

import argparse
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


def main() -> None:
    """Prints the seconds beyond start-up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--append", type=int, default=10_240)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        tree, store = options.tree, Path(place) / "store"
        if tree is None:
            tree = Path(place) / "logs"
            folder = tree / "EX01" / "TransportRoles" / "Logs" / "Hub" / "ProtocolLog" / "SmtpReceive"
            folder.mkdir(parents=True)
            for number in range(options.files):
                text = HEAD + "".join(row(at, number + 1) for at in range(5))
                (folder / f"RECV20260302{number % 24:02}-{number // 24 + 1}.LOG").write_text(text, newline="")
        start = min(call("--version") for _ in range(3))
        print(f"start-up              {start:6.2f} s")
        print(f"first ingest          {call('ingest', tree, '--store', store) - start:6.2f} s")
        print(f"nothing new           {min(call('ingest', tree, '--store', store) for _ in range(3)) - start:6.2f} s")
        grown = max(tree.rglob("RECV*.LOG"), key=lambda path: path.stat().st_mtime_ns)
        kept = grown.read_bytes()
        text = "".join(row(at, 1_000_000) for at in range(options.append // len(row(10, 1_000_000)) + 1))
        try:
            with grown.open("ab") as stream:
                stream.write(text.encode())
            print(f"{options.append:,} bytes appended {call('ingest', tree, '--store', store) - start:6.2f} s")
        finally:
            grown.write_bytes(kept)


if __name__ == "__main__":
    main()
