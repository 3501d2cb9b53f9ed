"""An ingest that is killed: the last published state stays, and the next ingest completes the work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.stores import an_hour, differences
from tracelens import store
from tracelens.errors import StoreError
from tracelens.pipeline import ingest

PROGRAM = """
import os, signal, sys
from tracelens import pipeline
from tracelens.detect import Rulebook, rulebook

book = rulebook()
pipeline.rulebook = lambda *_: Rulebook(book.signatures, book.rules[:3])  # all rules take twice as long
folder, moment, *paths = sys.argv[1:]
kind, _, what = moment.partition(" ")
seen = {"published": False, "files": 0}


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def on_progress(progress):
    if kind == "stage" and progress.stage == what:
        die()


def on_event(event, args):
    if event == "os.rename" and str(args[1]).endswith(".parquet"):
        seen["files"] += 1
        if kind == "segment" and seen["files"] == int(what):
            die()
    if seen["published"] and kind == "after" and event != "os.kill":
        die()
    if event == "os.rename" and str(args[1]).endswith("CURRENT"):
        if kind == "before":
            die()
        seen["published"] = True


if __name__ == "__main__":
    sys.addaudithook(on_event)
    pipeline.ingest(paths, folder, on_progress=on_progress)
"""
MOMENTS = {
    "the first segment is whole": "segment 1",
    "the next database is there": "stage build step",
    "the database is half built": "stage build hop",
    "CURRENT would change": "before CURRENT",
}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One hour of logs, in the folders of two servers."""
    return an_hour(tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="module")
def stores(estate: Path, few_rules: object, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The undisturbed stores: one server read, both servers read, both in one go."""
    folder = tmp_path_factory.mktemp("stores")
    ingest([estate / "EX01"], folder / "half")
    shutil.copytree(folder / "half", folder / "both")
    ingest([estate / "EX01", estate / "EX02"], folder / "both")
    return {name: folder / name for name in ("half", "both")}


def start(folder: Path, moment: str, *paths: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", PROGRAM, str(folder), moment, *map(str, paths)]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


def leftovers(folder: Path) -> list[str]:
    """Gives the files that no kept generation needs."""
    names = sorted(path.name for path in folder.glob("tracelens-*.duckdb"))[-2:]
    needed = {"CURRENT", "LOCK", *names}
    for name in names:
        with duckdb.connect(str(folder / name), read_only=True) as con:
            needed |= {path for (path,) in con.execute("select path from segment").fetchall()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return sorted(there - needed) + sorted(str(path) for path in folder.glob("tmp*"))


def check(folder: Path, expected: Path | None, stores: dict[str, Path], paths: Sequence[Path]) -> None:
    """Checks what a killed ingest left, and that the next one completes it."""
    if expected is None:
        with pytest.raises(StoreError, match="no store"):
            store.ask(folder, "select 1")
    else:
        assert differences(folder, expected) == {}
        assert store.ask(folder, "select count(*) from smtp_event").item() > 0
    ingest(paths, folder, wait_s=0)
    assert differences(folder, stores["both"]) == {}
    assert leftovers(folder) == []


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_the_last_published_state_stays_when_killed_as(
    estate: Path, stores: dict[str, Path], tmp_path: Path, moment: str
) -> None:
    shutil.copytree(stores["half"], tmp_path / "store")
    assert start(tmp_path / "store", moment, estate / "EX01", estate / "EX02").wait(60) == -9
    check(tmp_path / "store", stores["half"], stores, [estate / "EX01", estate / "EX02"])


@pytest.mark.parametrize("moment", ["segment 3", "before CURRENT"])
def test_there_is_no_store_when_the_first_ingest_is_killed_at(
    estate: Path, stores: dict[str, Path], tmp_path: Path, moment: str
) -> None:
    assert start(tmp_path / "store", moment, estate / "EX01", estate / "EX02").wait(60) == -9
    assert any((tmp_path / "store" / "segments").rglob("*.parquet"))
    check(tmp_path / "store", None, stores, [estate / "EX01", estate / "EX02"])


def test_the_new_state_stays_when_killed_after_current_changed(
    estate: Path, stores: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(stores["half"], tmp_path / "store")
    assert start(tmp_path / "store", "after CURRENT", estate / "EX02").wait(60) == -9
    check(tmp_path / "store", stores["both"], stores, [estate / "EX01", estate / "EX02"])


@pytest.mark.parametrize("delay_s", [0.8, 1.4, 2.0])
def test_one_published_state_or_the_other_is_there_when_killed_from_outside_after(
    estate: Path, stores: dict[str, Path], tmp_path: Path, delay_s: float
) -> None:
    shutil.copytree(stores["half"], tmp_path / "store")
    running = start(tmp_path / "store", "never", estate / "EX02")
    try:
        running.wait(delay_s)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    current = (tmp_path / "store" / "CURRENT").read_text().strip()
    expected = stores["half" if current == "tracelens-000001.duckdb" else "both"]
    check(tmp_path / "store", expected, stores, [estate / "EX02"])
