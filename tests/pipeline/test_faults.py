"""What goes wrong around a store: each with its message and exit code, nothing lost, nothing half published."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result

from tests.pipeline.test_ingest import ROLE, ledger, sessions, write
from tracelens import store
from tracelens.detect import Rulebook
from tracelens.errors import StoreError
from tracelens.pipeline import Progress, ingest

pytestmark = pytest.mark.usefixtures("few_rules")

Call = Callable[..., Result]
AsUser = Callable[..., subprocess.CompletedProcess[str]]
ROOT_LIKE_ALL = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]
needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="takes rights away as Unix does")


@pytest.fixture(scope="module")
def made(few_rules: Rulebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log and a store of it."""
    folder = tmp_path_factory.mktemp("made")
    write(folder / ROLE / "RECV-1.LOG", 1)
    ingest([folder / "EX01"], folder / "S", workers=1)
    return folder


@pytest.fixture
def mine(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "mine")


@pytest.fixture
def as_a_user() -> AsUser:
    """Calls the command line as somebody whom rights of files bind, which root is not by itself."""
    before = ROOT_LIKE_ALL if os.getuid() == 0 else []
    if before and subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("setpriv cannot take root's rights away here")

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [*before, sys.executable, "-m", "tracelens", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def read_only(mine: Path) -> Iterator[Path]:
    """The folder, with a store that nobody may change."""
    there = [mine / "S", *(mine / "S").rglob("*")]
    for path in there:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield mine
    for path in there:
        path.chmod(0o755)


@needs_unix
def test_a_store_that_may_only_be_read_is_read_and_refuses_to_be_written(read_only: Path, as_a_user: AsUser) -> None:
    write(read_only / ROLE / "RECV-2.LOG", 2)
    asked = as_a_user("sql", "select count(*) as n from smtp_event", "--store", read_only / "S", "--format", "csv")
    assert (asked.returncode, asked.stdout.split()) == (0, ["n", "4"]), asked.stderr
    for words in (("ingest", read_only / "EX01"), ("store", "compact")):
        refused = as_a_user(*words, "--store", read_only / "S")
        assert refused.returncode == 3
        assert "the store cannot be written: Permission denied" in refused.stderr
    assert sessions(read_only / "S") == [1]


@needs_unix
def test_what_may_not_be_read_is_failed_and_read_when_it_may(mine: Path, as_a_user: AsUser) -> None:
    log = write(mine / ROLE / "RECV-2.LOG", 2)
    folder = write(mine / ROLE / "closed" / "RECV-3.LOG", 3).parent
    log.chmod(0)
    folder.chmod(0)
    done = as_a_user("ingest", mine / "EX01", "--store", mine / "S")
    assert done.returncode == 0, done.stderr
    assert "RECV-2.LOG: cannot be opened: Permission denied" in done.stdout
    assert f"{folder}: cannot be listed: Permission denied" in done.stdout
    log.chmod(0o644)
    folder.chmod(0o755)
    ingest([mine / "EX01"], mine / "S", workers=1)
    assert sessions(mine / "S") == [1, 2, 3]
    assert "failed" not in {state for state, _ in ledger(mine / "S").values()}


def test_a_log_that_vanishes_before_it_is_read_is_failed_and_the_others_are_read(mine: Path) -> None:
    gone, grown = write(mine / ROLE / "RECV-2.LOG", 2), write(mine / ROLE / "RECV-3.LOG", 3)

    def on_progress(progress: Progress) -> None:
        if progress.stage == "read":
            gone.unlink(missing_ok=True)

    account = ingest([mine / "EX01"], mine / "S", on_progress=on_progress, workers=1)
    assert [(Path(path).name, reason) for path, reason in account.failed] == [
        ("RECV-2.LOG", "cannot be read: No such file or directory")
    ]
    assert ledger(mine / "S")["RECV-2.LOG"][0] == "failed"
    assert sessions(mine / "S") == [1, 3]
    shutil.copy(grown, gone)
    write(gone, 2)
    ingest([mine / "EX01"], mine / "S", workers=1)
    assert sessions(mine / "S") == [1, 2, 3]


def test_a_log_that_vanishes_after_it_was_known_is_no_fault(mine: Path, call: Call) -> None:
    (mine / ROLE / "RECV-1.LOG").unlink()
    (mine / ROLE / "notes.txt").write_text("nothing here", encoding="utf-8")
    done = call("ingest", mine / "EX01", "--store", mine / "S")
    assert done.exit_code == 4 and "no log files found" in done.stderr
    assert sessions(mine / "S") == [1]


def test_a_store_deleted_under_a_reader_is_said_and_can_be_made_again(mine: Path, call: Call) -> None:
    with store.reading(mine / "S") as con:
        shutil.rmtree(mine / "S")
        with pytest.raises(Exception, match="No files found"):
            con.sql("select count(connector_id) from smtp_event").fetchall()
    done = call("findings", "--store", mine / "S")
    assert done.exit_code == 3 and "no store at" in done.stderr
    ingest([mine / "EX01"], mine / "S", workers=1)
    assert sessions(mine / "S") == [1]


def test_a_store_without_its_segments_says_so_and_how_to_find_out_more(mine: Path, call: Call) -> None:
    shutil.rmtree(mine / "S" / "segments")
    done = call("sql", "select count(connector_id) from smtp_event", "--store", mine / "S")
    assert done.exit_code == 3
    assert "the store cannot be" in done.stderr
    done = call("store", "verify", "--store", mine / "S")
    assert done.exit_code == 1 and "is missing" in done.stdout


def test_a_pointer_to_a_database_that_is_not_here_is_said(mine: Path, call: Call) -> None:
    (mine / "S" / "tracelens-000001.duckdb").unlink()
    for words in (("findings",), ("ingest", mine / "EX01"), ("store", "verify")):
        done = call(*words, "--store", mine / "S")
        assert done.exit_code == 3 and "CURRENT names 'tracelens-000001.duckdb', which is not here" in done.stderr


def test_a_database_that_is_damaged_is_said(mine: Path, call: Call) -> None:
    (mine / "S" / "tracelens-000001.duckdb").write_bytes(b"nothing of the kind" * 1000)
    done = call("findings", "--store", mine / "S")
    assert done.exit_code == 3 and "the store cannot be opened" in done.stderr
    with pytest.raises(StoreError, match="cannot be opened"):
        ingest([mine / "EX01"], mine / "S", workers=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_builds_ends_it_cleanly_whatever_the_engine_makes_of_it(
    mine: Path, call: Call, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(mine / ROLE / "RECV-2.LOG", 2)

    @contextmanager
    def shown() -> Iterator[Callable[[Progress], None]]:
        yield interrupt

    def interrupt(progress: Progress) -> None:
        if progress.stage == "build session":
            try:
                os.kill(os.getpid(), number)
                time.sleep(60)
            except KeyboardInterrupt:
                raise RuntimeError("Query interrupted") from None

    monkeypatch.setattr("tracelens.progress.shown", shown)
    done = call("ingest", mine / "EX01", "--store", mine / "S")
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr == "tracelens: interrupted; the store shows its last published state\n"
    assert sorted(path.name for path in (mine / "S").glob("*.duckdb*")) == ["tracelens-000001.duckdb"]
    assert sessions(mine / "S") == [1]


@pytest.mark.parametrize("option", ["--interval", "--wait"])
@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_a_time_that_is_no_number_of_seconds_is_refused(mine: Path, call: Call, option: str, seconds: str) -> None:
    done = call("ingest", mine / "EX01", "--store", mine / "S", "--follow", option, seconds)
    assert done.exit_code == 2 and f"{seconds} is no number of seconds" in done.stderr


def test_a_pointer_that_is_no_text_is_said_without_its_control_characters(mine: Path, call: Call) -> None:
    (mine / "S" / "CURRENT").write_bytes(b"\xff\x00\x1b[2J")
    done = call("findings", "--store", mine / "S")
    assert done.exit_code == 3
    assert r"CURRENT names '\\xff\x00\x1b[2J', which is not here" in done.stderr
