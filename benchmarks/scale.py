#!/usr/bin/env python3
"""DuckDB and Spark on the same lake, several sizes, one table; and whether all their rows are equal.

python benchmarks/scale.py --messages 2000 20000 200000 [--servers 4 --days 3] [--memory-limit 1GB 2GB 4GB]
                           [--spark local|none|sc://host:port] [--keep DIR]
python benchmarks/scale.py --logs TREE … (sizes that are there, in place of --messages) [--first-days 7]
                           [--protocol-hours 09 10] (of the first day; message tracking of all days stays: many messages,
                           and few lines of each)

Each step runs in a process of its own: wall seconds, CPU seconds and peak MB are its own and its children's. Spark is
started anew for each size from the pyspark wheel (local[2], Java 17), and its CPU seconds and peak MB are in the table
too; those of a server given by its URL are not. All rows of all tables are compared with those of the first build.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

SIMULATE = """
import sys
from tracelens.simulate import simulate
simulate(sys.argv[1], messages=int(sys.argv[2]), servers=int(sys.argv[3]), days=int(sys.argv[4]), seed=7)
"""
COLLECT = """
import sys
from tracelens.collect import collect
print(sum(kind["event_count"] for kind in collect([sys.argv[1]], sys.argv[2]).kinds))
"""
BUILD = """
import sys
from tracelens.lake import Lake
from tracelens.lakeside import ingest_lake
lake, store, limit, remote = sys.argv[1:5]
more = {}
if remote:
    from tracelens.spark import Cluster
    more["build"] = Cluster(remote, Lake(lake)).build
ingest_lake(lake, store, memory_limit=limit or None, **more)
"""


@dataclass
class Cost:
    """What a step took."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    spilled_mb: float
    failure: str = ""


def run(code: str, *words: object, watch: Path | None = None) -> Cost:
    """Runs one step in a process of its own; looks at the folder it spills to."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    wrapped = (
        code + "\nimport resource, sys\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", wrapped, *map(str, words)], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    spilled = 0
    while True:
        try:
            _, told = process.communicate(timeout=1)
            break
        except subprocess.TimeoutExpired:
            spilled = max(spilled, weight(watch) if watch else 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    last = (told.strip().splitlines() or [""])[-1]
    peak = int(last) / 1024 if last.isdigit() else 0.0
    return Cost(time.monotonic() - began, cpu, peak, spilled / 1e6, "" if process.returncode == 0 else last[:160])


def weight(folder: Path) -> int:
    """Gives the bytes below a folder that others may be writing to."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:
                continue
    return total


def messages_of(store: Path) -> int:
    from tracelens.store import ask

    return int(ask(store, "select count(*) from message").item())


def unequal(left: Path, right: Path) -> dict[str, int]:
    """Gives the tables in which two stores differ, with the rows that one of them alone has, both ways."""
    import duckdb

    found = {}
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(left.parent / "spill")}) as con:
        for name, store in (("l", left), ("r", right)):
            con.execute(f"attach '{store / (store / 'CURRENT').read_text().strip()}' as {name} (read_only)")
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = 'l' and not internal"
        ).fetchall()
        for (table,) in tables:
            if table in ("segment", "ingest"):
                continue
            spare = "exclude (ingest_id)" if table == "log_file" else ""
            one, other = (f"select * {spare} from {side}.main.{table}" for side in "lr")
            count = con.execute(
                f"select (select count(*) from ({one} except all {other})) + (select count(*) from ({other} except all {one}))"
            ).fetchall()[0][0]
            if count:
                found[table] = count
    return found


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--messages", type=int, nargs="+", default=[])
    given.add_argument("--logs", type=Path, nargs="+", default=[])
    given.add_argument("--servers", type=int, default=4)
    given.add_argument("--days", type=int, default=3)
    given.add_argument("--memory-limit", nargs="+", default=[""])
    given.add_argument("--spark", default="local", help="local, none or the URL of a Connect server")
    given.add_argument("--driver-memory", default="4g")
    given.add_argument("--first-days", type=int, default=0, help="of the logs, all if 0")
    given.add_argument(
        "--protocol-hours", nargs="+", default=[], help="of the first day, as in file names; all if none"
    )
    given.add_argument("--keep", type=Path)
    chosen = given.parse_args()
    base = chosen.keep or Path(tempfile.mkdtemp(prefix="tracelens-scale-"))
    base.mkdir(parents=True, exist_ok=True)
    print("| logs MB | messages | lake MB | step | wall s | CPU s | peak MB | spilled MB | result |")
    print("|---|---|---|---|---|---|---|---|---|")
    sizes: list[tuple[str, Path | int]] = [(str(number), number) for number in chosen.messages]
    sizes += [(place.name, place) for place in chosen.logs]
    for name, size in sizes:
        measure(base / name, size, chosen)
    if not chosen.keep:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def spark_of(place: Path, chosen: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Gives the URL of Spark and the id of its process here, 0 if it is elsewhere."""
    from tests.spark.servers import SETTINGS, connect_process

    if "://" in chosen.spark:
        yield chosen.spark, 0
        return
    thrifty = ("spark.sql.codegen.", "spark.driver.extraJavaOptions", "spark.executor.")
    settings = {name: value for name, value in SETTINGS.items() if not name.startswith(thrifty)}
    with connect_process(place, "local[2]", {**settings, "spark.driver.memory": chosen.driver_memory}) as found:
        yield found


def thinned(tree: Path, target: Path, days: int, hours: list[str]) -> Path:
    """Links the logs of the first days, of protocol logs those of some hours of the first day, into a tree of their own."""
    logs = [
        (path, found) for path in tree.rglob("*.LOG") if (found := re.search(r"(\d{8})(\d\d)-\d+[.]LOG$", path.name))
    ]
    named = sorted({found[1] for _, found in logs})
    for path, found in logs:
        is_wanted = not hours or path.parent.name == "MessageTracking" or (found[1] == named[0] and found[2] in hours)
        link = target / path.relative_to(tree)
        if is_wanted and found[1] in named[: days or None] and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, link)
    return target


def used_by(process: int) -> tuple[float, float]:
    """Gives the CPU seconds and the peak MB of a running process."""
    if not process:
        return 0.0, 0.0
    times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"), int(peak[1]) / 1024 if peak else 0.0


def measure(place: Path, size: Path | int, chosen: argparse.Namespace) -> None:
    """Measures one size and prints its rows."""
    place.mkdir(parents=True, exist_ok=True)
    logs, lake = (size, place / "lake") if isinstance(size, Path) else (place / "logs", place / "lake")
    if not isinstance(size, Path) and not logs.exists():
        run(SIMULATE, logs, size, chosen.servers, chosen.days)
    if chosen.first_days or chosen.protocol_hours:
        logs = thinned(logs, place / "thinned", chosen.first_days, chosen.protocol_hours)
    steps = [("collect", run(COLLECT, logs, lake), None)]
    reference: Path | None = None
    for limit in chosen.memory_limit:
        store = place / f"duckdb{limit}"
        shutil.rmtree(store, ignore_errors=True)
        cost = run(BUILD, lake, store, limit, "", watch=store / "tmp")
        steps.append((f"DuckDB {limit}".strip(), cost, store))
    if chosen.spark != "none":
        store = place / "spark"
        shutil.rmtree(store, ignore_errors=True)
        with spark_of(place, chosen) as (remote, process):
            cost = run(BUILD, lake, store, "", remote)
            cpu, peak = used_by(process)
        steps.append(("Spark", replace(cost, cpu_s=cost.cpu_s + cpu, peak_mb=cost.peak_mb + peak), store))
    log_mb, lake_mb = weight(logs) / 1e6, weight(lake) / 1e6
    for name, cost, built in steps:
        result = cost.failure
        messages = "-"
        if built is not None and not result:
            messages = f"{messages_of(built):,}"
            if reference is None:
                reference, result = built, "the reference"
            else:
                differing = unequal(reference, built)
                result = "all rows equal" if not differing else f"differs: {differing}"
        print(
            f"| {log_mb:,.0f} | {messages} | {lake_mb:,.0f} | {name} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} |"
            f" {cost.peak_mb:,.0f} | {cost.spilled_mb:,.0f} | {result} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
