"""Files that change between ingests: grown, shrunk, replaced, copied, unreadable for a while."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.pipeline.stores import differences
from tests.pipeline.test_ingest import ROLE, conversation, ledger, sessions, write
from tracelens import store
from tracelens.pipeline import Account, ingest

pytestmark = pytest.mark.usefixtures("few_rules")


def test_a_file_that_grew_gives_the_events_of_both_and_the_store_of_the_whole(tmp_path: Path) -> None:
    log = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    with log.open("a", newline="\r\n") as stream:
        stream.write(conversation(3))
    account = ingest([tmp_path / "EX01"], tmp_path / "store")
    assert (account.new_files, sessions(tmp_path / "store")) == (1, [1, 2, 3])
    ingest([tmp_path / "EX01"], tmp_path / "fresh")
    assert differences(tmp_path / "store", tmp_path / "fresh") == {}


@pytest.mark.parametrize("now", [(1,), (7, 8, 9)], ids=["shrank", "was replaced"])
def test_the_old_rows_are_gone_of_a_file_that(tmp_path: Path, now: tuple[int, ...]) -> None:
    write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    write(tmp_path / ROLE / "RECV-1.LOG", *now)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    assert sessions(tmp_path / "store") == list(now)
    assert store.ask(tmp_path / "store", "select count(*) from session").item() == len(now)


def test_the_same_content_under_another_path_is_skipped_as_a_copy_in_either_order(tmp_path: Path) -> None:
    first = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    second = write(tmp_path / ROLE / "RECV-2.LOG", 1, 2)
    for name, paths in (("one", [first, second]), ("other", [second, first])):
        for path in paths:
            ingest([path], tmp_path / name)
        assert ledger(tmp_path / name) == {
            "RECV-1.LOG": ("ingested", None),
            "RECV-2.LOG": ("skipped", f"copy of {first}"),
        }
        assert sessions(tmp_path / name) == [1, 2]
    assert differences(tmp_path / "one", tmp_path / "other") == {}


def test_a_copy_takes_over_when_its_original_is_replaced(tmp_path: Path) -> None:
    first = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    write(tmp_path / ROLE / "RECV-2.LOG", 1, 2)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    write(first, 5)
    ingest([first], tmp_path / "store")
    assert sessions(tmp_path / "store") == [1, 2, 5]
    assert ledger(tmp_path / "store")["RECV-2.LOG"] == ("ingested", None)


def test_a_file_that_disappeared_keeps_its_rows(tmp_path: Path) -> None:
    log = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    write(tmp_path / ROLE / "RECV-2.LOG", 3)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    log.unlink()
    write(tmp_path / ROLE / "RECV-3.LOG", 4)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    assert sessions(tmp_path / "store") == [1, 2, 3, 4]


def lock_away(log: Path) -> None:
    """Makes a file unreadable: for root by a link that leads nowhere."""
    log.chmod(0)
    if os.access(log, os.R_OK):
        log.rename(log.with_suffix(".away"))
        shutil.move(log.with_suffix(".away"), log.parents[6] / "away")
        log.symlink_to(log.parent / "nowhere")


def test_an_unreadable_file_is_failed_and_told_each_time_but_published_once(tmp_path: Path) -> None:
    write(tmp_path / ROLE / "RECV-1.LOG", 1)
    lock_away(write(tmp_path / ROLE / "RECV-2.LOG", 2))
    accounts: list[Account] = [ingest([tmp_path / "EX01"], tmp_path / "store") for _ in range(2)]
    for account in accounts:
        assert [Path(path).name for path, _ in account.failed] == ["RECV-2.LOG"]
        assert account.generation == "tracelens-000001.duckdb"
    state, reason = ledger(tmp_path / "store")["RECV-2.LOG"]
    assert state == "failed" and reason is not None and reason.startswith("cannot be opened")


def test_a_file_that_cannot_be_read_any_more_keeps_the_rows_read_before(tmp_path: Path) -> None:
    write(tmp_path / ROLE / "RECV-1.LOG", 1)
    log = write(tmp_path / ROLE / "RECV-2.LOG", 2)
    ingest([tmp_path / "EX01"], tmp_path / "store")
    lock_away(log)
    account = ingest([tmp_path / "EX01"], tmp_path / "store")
    assert [Path(path).name for path, _ in account.failed] == ["RECV-2.LOG"]
    assert sessions(tmp_path / "store") == [1, 2]


def test_a_file_given_another_server_leaves_the_published_segments_as_they_are(tmp_path: Path) -> None:
    log = write(tmp_path / "RECV-1.LOG", 1)
    ingest([log], tmp_path / "store", server="EX01")
    with store.reading(tmp_path / "store") as con:
        ingest([log], tmp_path / "store", server="EX02")
        assert con.sql("select distinct server from smtp_event").fetchall() == [("EX01",)]
    assert store.ask(tmp_path / "store", "select distinct server from smtp_event").rows() == [("EX02",)]
