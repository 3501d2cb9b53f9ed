#!/usr/bin/env python3
"""How time, memory and store grow with the logs.

python benchmarks/growth.py TREE [--days 1 4] [--limits 512MB 1GB]

TREE is an estate of several days (`tracelens simulate`). Each size is the first days of it, by hard links. The bars: 4 GB
within 4.4 times of 1 GB, 10 GB within 11; a peak of at most the limit and 250 MB.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.steps import WHOLE, run  # noqa: E402


def days_of(tree: Path, target: Path, count: int) -> int:
    """Links the logs of the first days into a tree of their own; gives their bytes."""
    logs = {path: re.search(r"(\d{8})\d*-\d+[.]LOG$", path.name) for path in tree.rglob("*.LOG")}
    first = set(sorted({found[1] for found in logs.values() if found})[:count])
    size = 0
    for path, found in logs.items():
        if found and found[1] in first:
            link = target / path.relative_to(tree)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, link)
            size += path.stat().st_size
    return size


def cut(tree: Path, target: Path, size: int) -> int:
    """Writes the logs of each folder anew in files of about `size` bytes; gives the number of files."""
    made = 0
    for folder in sorted({path.parent for path in tree.rglob("*.LOG")}):
        place = target / folder.relative_to(tree)
        place.mkdir(parents=True, exist_ok=True)
        kinds = sorted({re.sub(r"\d+-\d+[.]LOG$", "", path.name) for path in folder.glob("*.LOG")})
        for kind in kinds:
            held, number, head = bytearray(), 0, b""
            for path in sorted(p for p in folder.glob("*.LOG") if re.sub(r"\d+-\d+[.]LOG$", "", p.name) == kind):
                lines = path.read_bytes().splitlines(keepends=True)
                top = b"".join(line for line in lines if line.startswith(b"#"))
                head = head or top
                for line in lines[top.count(b"\n") :]:
                    held += line
                    if len(held) >= size:
                        number += 1
                        (place / f"{kind}20260301-{number}.LOG").write_bytes(head + held)
                        held.clear()
            if held:
                number += 1
                (place / f"{kind}20260301-{number}.LOG").write_bytes(head + held)
            made += number
    return made


def grow(tree: Path, days: Sequence[int], limits: Sequence[str]) -> None:
    """Prints a table: the first days of a tree, each number of days with its limit, the last limit for all others."""
    print("| logs | rows | limit | seconds | MB/s | of the first | peak MB | store |")
    print("|---|---|---|---|---|---|---|---|")
    base = 0.0
    with tempfile.TemporaryDirectory(dir=tree.parent) as place:
        for count, limit in zip(days, [*limits, *limits[-1:] * len(days)], strict=False):
            size = days_of(tree, Path(place) / f"days{count}", count)
            seconds, peak, rows = run(WHOLE, Path(place) / f"days{count}", Path(place) / "store", limit)
            store = sum(path.stat().st_size for path in (Path(place) / "store").rglob("*") if path.is_file())
            base = base or seconds
            print(
                f"| {size / 1e9:.2f} GB | {rows:,} | {limit} | {seconds:.1f} | {size / 1e6 / seconds:.0f} |"
                f" {seconds / base:.2f} | {peak:,.0f} | 1/{size / store:.1f} |",
                flush=True,
            )


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--days", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--limits", nargs="+", default=["512MB", "1GB"])
    options = parser.parse_args()
    grow(options.tree, options.days, options.limits)


if __name__ == "__main__":
    main()
