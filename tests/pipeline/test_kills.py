"""Fifty kills at random moments of ingests and of the care of a store: what was published stays, the next run goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.stores import differences
from tests.pipeline.test_ingest import ROLE, write
from tracelens import care, store
from tracelens.pipeline import ingest

pytestmark = pytest.mark.usefixtures("few_rules")
KILLS = 50
HELD = """
select (select count(*) from session), count(distinct minute(date_time)), max(minute(date_time)), count(*) from smtp_event
"""
SERVER = """
import os, signal, sys
from pathlib import Path
import duckdb, numpy, polars, pyarrow, pyarrow.csv
from tracelens import care, guard, pipeline
from tracelens.detect import Rulebook, rulebook

book = rulebook()
book = Rulebook(book.signatures, book.rules[:3])  # with all rules a run takes three times as long
pipeline.rulebook = lambda *_: book
options = pipeline.BuildOptions(None, book)
for line in sys.stdin:
    seconds, verb, folder, logs = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            # the system ends the child, as kill -9 does, when it has used so much time: at any load of the machine
            signal.setitimer(signal.ITIMER_PROF, float(seconds))
            if verb == "ingest":
                pipeline.ingest([logs], folder, workers=1)
            else:
                care.compact(folder, options, lambda progress: None)
            code = 0
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    print(status, used.ru_utime + used.ru_stime, flush=True)
"""
Run = Callable[[float, str, Path, Path], tuple[int, float]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs a verb in a child of a process that has imported everything; gives its status and the seconds it used."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:

        def ask(seconds: float, verb: str, folder: Path, logs: Path) -> tuple[int, float]:
            assert server.stdin is not None and server.stdout is not None
            server.stdin.write(f"{seconds}\t{verb}\t{folder}\t{logs}\n")
            server.stdin.flush()
            status, used = server.stdout.readline().split()
            return int(status), float(used)

        yield ask


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="forks as Unix does")
def test_whenever_it_is_killed_the_store_shows_a_published_state_and_the_next_run_goes_on(
    run: Run, tmp_path: Path
) -> None:
    chance = random.Random(7)
    logs, folder = tmp_path / "EX01", tmp_path / "S"
    write(tmp_path / ROLE / "RECV-0.LOG", 0)
    assert run(0, "ingest", folder, logs)[0] == 0
    write(tmp_path / ROLE / "RECV-1.LOG", 1)
    status, whole = run(0, "ingest", folder, logs)
    assert status == 0
    done, kills, seen = 2, 0, {"before": 0, "after": 0}
    while kills < KILLS:
        write(tmp_path / ROLE / f"RECV-{done}.LOG", done)
        verb = "compact" if done > 2 and chance.random() < 0.25 else "ingest"
        status, _ = run(chance.uniform(0.01, whole * 1.2), verb, folder, logs)
        assert status in (0, signal.SIGPROF)
        kills += status != 0
        held = store.ask(folder, HELD).row(0)
        assert held in ((done, done, done - 1, 4 * done), (done + 1, done + 1, done, 4 * (done + 1)))
        assert status or verb == "compact" or held[0] == done + 1
        seen["before" if held[0] == done else "after"] += 1
        done = held[0]
    assert min(seen.values()) > 0
    assert care.verify(folder) == []
    ingest([logs], folder, workers=1)
    ingest([logs], tmp_path / "undisturbed", workers=1)
    assert differences(folder, tmp_path / "undisturbed") == {}
    ingest([logs], folder, workers=1)
    assert not list(folder.rglob("*.tmp")) and not (folder / "tmp").exists()
