"""What the benchmarks of ingest run and time, each in a process of its own: bare DuckDB, segments, the whole ingest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]

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
