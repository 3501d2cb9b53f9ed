"""A lake that many collectors fill, and stores that stand beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import Result

from tests.pipeline.stores import an_hour, differences
from tracelens import lakecare
from tracelens.care import compact, info, verify
from tracelens.cli.store import build_options
from tracelens.collect import collect
from tracelens.detect import Rulebook
from tracelens.errors import InputError, StoreError
from tracelens.lakeside import ingest_lake
from tracelens.ledger import ledger_of
from tracelens.pipeline import ingest
from tracelens.store import ask


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hour of logs of two servers, with a line that cannot be read, a copy of a file and a foreign file."""
    out = an_hour(tmp_path_factory.mktemp("hour"))
    first = sorted(out.rglob("RECV*.LOG"))[0]
    with first.open("a") as stream:
        stream.write("torn,line\n")
    shutil.copy2(sorted(out.rglob("MSGTRK*.LOG"))[0], out / "copy.log")
    (out / "notes.txt").write_text("nothing of interest\n")
    return out


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, logs: Path) -> Path:
    place = tmp_path_factory.mktemp("lake") / "lake"
    collect([logs], str(place), workers=1)
    return place


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory, lake: Path, few_rules: Rulebook) -> Path:
    """A store beside the lake."""
    store = tmp_path_factory.mktemp("beside") / "store"
    ingest_lake(str(lake), store)
    return store


def listing(lake: Path) -> dict[str, bytes]:
    return {path.relative_to(lake).as_posix(): path.read_bytes() for path in lake.rglob("*") if path.is_file()}


def test_a_store_beside_a_lake_has_the_tables_of_an_ingest_of_the_same_files(
    tmp_path: Path, logs: Path, beside: Path, few_rules: Rulebook
) -> None:
    ingest([logs], tmp_path / "store", workers=1)
    assert differences(beside, tmp_path / "store") == {}
    assert ask(beside, "select count(*) from reject").item() == 1


def test_a_store_beside_a_lake_copies_no_segment_and_is_whole(beside: Path, lake: Path) -> None:
    assert not (beside / "segments").exists()
    assert info(beside)["lake"] == str(lake)
    assert verify(beside) == []


def test_the_same_lake_again_changes_nothing(beside: Path, lake: Path, few_rules: Rulebook) -> None:
    before = (beside / "CURRENT").read_text()
    assert ingest_lake(str(lake), beside).new_files == 0
    assert (beside / "CURRENT").read_text() == before


def test_two_collectors_at_once_with_inputs_that_overlap_make_the_lake_that_one_makes(
    tmp_path: Path, logs: Path, lake: Path
) -> None:
    folders = sorted(path for path in logs.iterdir() if path.is_dir())
    inputs = [[*folders[:2], logs / "copy.log", logs / "notes.txt"], [*folders[1:], *logs.glob("*.*")]]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda paths: collect(paths, str(tmp_path / "lake"), workers=2), inputs))
    assert listing(tmp_path / "lake") == listing(lake)


def test_a_lake_of_a_uri_is_that_of_the_folder(tmp_path: Path, logs: Path, lake: Path) -> None:
    account = collect([logs], f"file://{tmp_path}/lake")
    assert account.failed == []
    assert listing(tmp_path / "lake") == listing(lake)


def test_what_a_killed_collector_left_is_whole_and_the_next_one_ends_it(tmp_path: Path, logs: Path, lake: Path) -> None:
    place = tmp_path / "lake"
    command = [sys.executable, "-m", "tracelens", "collect", str(logs), "--lake", str(place), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(list(place.glob("ledger/*.gz"))) < 2 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
    assert lakecare.verify(str(place)) == []
    collect([logs], str(place))
    lakecare.tidy(str(place), 0)
    assert listing(place) == listing(lake)


def test_a_file_that_grew_replaces_what_the_lake_held_of_it(tmp_path: Path, logs: Path, few_rules: Rulebook) -> None:
    place, store = tmp_path / "lake", tmp_path / "store"
    whole = max(logs.rglob("MSGTRK*.LOG"), key=lambda path: path.stat().st_size)
    log = tmp_path / "EX01" / "TransportRoles" / "Logs" / "MessageTracking" / whole.name
    log.parent.mkdir(parents=True)
    lines = whole.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-20]) + lines[-20][:30])
    os.utime(log, (1_700_000_000, 1_700_000_000))
    collect([log], str(place))
    ingest_lake(str(place), store)
    assert ask(store, "select state from log_file").to_series().to_list() == ["partial"]
    log.write_bytes(whole.read_bytes())
    collect([log], str(place))
    ingest_lake(str(place), store)
    ingest([log], tmp_path / "anew", workers=1)
    assert differences(store, tmp_path / "anew") == {}
    assert lakecare.tidy(str(place), 0)["segments deleted"] == 1
    assert verify(store) == []


def test_the_same_path_of_two_machines_is_told_apart_by_host(tmp_path: Path, logs: Path) -> None:
    place, local = str(tmp_path / "lake"), tmp_path / "logs" / "MSGTRK2026030209-1.LOG"
    local.parent.mkdir()
    one, other = sorted(logs.rglob("MSGTRK2*.LOG"))[:2]
    shutil.copy(one, local)
    collect([local], place)
    shutil.copy(other, local)
    with pytest.raises(StoreError, match="another file"):
        collect([local], place)
    collect([local], place, host="EX02")
    assert lakecare.info(place)["files"] == 2


def test_a_store_beside_a_lake_takes_no_logs_and_joins_no_segments(beside: Path, logs: Path) -> None:
    with pytest.raises(StoreError, match="those of the lake"):
        ingest([logs], beside)
    options = build_options(beside, {"rules": None, "memory_limit": None})
    with pytest.raises(StoreError, match="those of the lake"):
        compact(beside, options, lambda _: None)


def test_a_store_with_logs_of_its_own_does_not_turn_to_a_lake(sample_store: Path, lake: Path) -> None:
    with pytest.raises(StoreError, match="logs of its own"):
        ingest_lake(str(lake), sample_store)


def test_a_segment_gone_from_the_lake_is_told(tmp_path: Path, lake: Path) -> None:
    shutil.copytree(lake, tmp_path / "lake")
    gone = next((tmp_path / "lake").rglob("*.parquet"))
    gone.unlink()
    assert [fault["where"] for fault in lakecare.verify(str(tmp_path / "lake"))] == [
        gone.relative_to(tmp_path / "lake").as_posix()
    ]


def test_the_commands_of_a_lake_say_what_they_did(
    tmp_path: Path, logs: Path, call: Callable[..., Result], few_rules: Rulebook
) -> None:
    shipped = call("collect", logs, "--lake", tmp_path / "lake")
    assert "Every line is accounted for" in shipped.stdout
    assert "nothing new; lake" in call("collect", logs, "--lake", tmp_path / "lake").stdout
    assert call("lake", "verify", "--lake", tmp_path / "lake").stdout == "the lake is whole\n"
    built = call("build", "--lake", tmp_path / "lake", "--store", tmp_path / "store")
    assert "generation tracelens-000001.duckdb" in built.stdout


def test_spark_is_asked_for_with_its_address_and_an_address_that_answers(
    tmp_path: Path, lake: Path, call: Callable[..., Result]
) -> None:
    assert call("build", "--lake", lake, "--store", tmp_path / "s", "--engine", "spark").exit_code == 2
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        remote = f"sc://127.0.0.1:{taken.getsockname()[1]}"
        refused = call("build", "--lake", lake, "--store", tmp_path / "s", "--engine", "spark", "--remote", remote)
    assert refused.exit_code == 3
    assert "Spark cannot be reached" in refused.stderr
    assert not (tmp_path / "s" / "CURRENT").exists()


def test_a_command_asks_for_paths_or_a_lake(lake: Path, logs: Path, call: Callable[..., Result]) -> None:
    assert call("ingest").exit_code == 2
    assert call("ingest", logs, "--lake", lake).exit_code == 2


def test_no_lake_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no logs in the lake"):
        ingest_lake(str(tmp_path / "nowhere"), tmp_path / "store")


def test_the_events_of_a_lake_cannot_be_left_by_sql(beside: Path) -> None:
    assert [Path(row["path"]).is_absolute() for row in ledger_of(beside).segments]
    with pytest.raises(Exception, match="refused"):
        ask(beside, f"copy (select 1) to '{beside}/out.csv'")
