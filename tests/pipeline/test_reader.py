"""The engine that is kept open from question to question: locked as ever, one connection each, let go in time."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.stores import an_hour
from tracelens import store
from tracelens.errors import QueryError, StoreError
from tracelens.pipeline import ingest

SLOW = "select count(*) from range(200000) a, range(200000) b where a.range % 7 = b.range % 5"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return an_hour(tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="module")
def two(estate: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two stores, one of each server's logs."""
    root = tmp_path_factory.mktemp("two")
    for name in ("EX01", "EX02"):
        ingest([estate / name], root / name, workers=1)
    return root / "EX01", root / "EX02"


@pytest.fixture
def mine(two: tuple[Path, Path], tmp_path: Path) -> Path:
    """A store to change."""
    return Path(shutil.copytree(two[0], tmp_path / "mine"))


def servers(folder: Path) -> list[str]:
    return store.ask(folder, "select distinct server from tracking_event order by server")["server"].to_list()


def test_two_stores_asked_in_turn_each_give_their_own_rows(two: tuple[Path, Path]) -> None:
    assert [servers(folder) for folder in (*two, *two)] == [["EX01"], ["EX02"]] * 2


def test_a_question_sees_what_another_process_has_published_since(estate: Path, mine: Path) -> None:
    assert servers(mine) == ["EX01"]
    pointer = (mine / "CURRENT").read_text()
    ingest([estate / "EX02"], mine, workers=1)
    newer = (mine / "CURRENT").read_text()
    (mine / "CURRENT").write_text(pointer)
    assert servers(mine) == ["EX01"]
    (mine / "CURRENT").write_text(newer)  # as a publication elsewhere does
    assert servers(mine) == ["EX01", "EX02"]


def test_what_one_question_makes_no_other_one_sees(two: tuple[Path, Path]) -> None:
    with store.reading(two[0]) as con:
        con.execute("create temp table mine as select 1 as one")
        con.execute("create temp view smtp_event as select 2 as two")
    with pytest.raises(QueryError, match="mine"):
        store.ask(two[0], "select * from mine")
    assert store.ask(two[0], "select count(*) as n from smtp_event where session_id is not null")["n"][0] > 0


@pytest.mark.parametrize(
    "sql",
    ["set timezone = 'Asia/Tokyo'", "set lock_configuration = false", "reset allowed_directories"],
)
def test_a_connection_to_the_kept_engine_takes_no_settings(two: tuple[Path, Path], sql: str) -> None:
    with store.reading(two[0]) as con, pytest.raises(duckdb.Error):
        con.execute(sql)
    assert store.ask(two[0], "select current_setting('timezone') as zone")["zone"][0] == "UTC"


def test_a_connection_to_the_kept_engine_reads_no_other_file(two: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    for _ in range(2):
        with pytest.raises(QueryError):
            store.ask(two[0], f"select * from read_csv('{tmp_path / 'other.csv'}')")


def test_stopping_one_question_leaves_another_to_its_answer(two: tuple[Path, Path]) -> None:
    told: list[object] = []

    def ask(timeout_s: float | None, sql: str) -> None:
        try:
            told.append(store.ask(two[0], sql, timeout_s=timeout_s).item())
        except QueryError as error:
            told.append(error.what)

    ask(None, "select 1")
    short = SLOW.replace("200000", "6000")
    threads = [threading.Thread(target=ask, args=args) for args in ((0.1, SLOW), (None, short))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "stopped after 0.1 s" in told
    assert any(isinstance(value, int) and value > 1 for value in told)
    assert store.ask(two[0], "select 3 as n")["n"][0] == 3


def test_many_threads_ask_at_once_while_generations_change(estate: Path, mine: Path) -> None:
    faults: list[Exception] = []

    def look(turn: Callable[[], bool]) -> None:
        while turn():
            try:
                assert servers(mine)[0] == "EX01"
            except StoreError:  # its generation went between the look at CURRENT and the opening
                continue
            except Exception as error:
                faults.append(error)

    done = threading.Event()
    threads = [threading.Thread(target=look, args=(lambda: not done.is_set(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    ingest([estate / "EX02"], mine, workers=1)
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert servers(mine) == ["EX01", "EX02"]


def test_a_released_generation_can_be_written(mine: Path) -> None:
    assert servers(mine)
    store.release()
    with duckdb.connect(str(mine / str(store.generation(mine)))) as con:
        con.execute("create table extra as select 1 as one")
    assert store.ask(mine, "select one from extra")["one"].to_list() == [1]
