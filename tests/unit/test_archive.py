"""Logs inside .gz and .zip are read as they are; archives that mean harm are refused."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.conftest import KINDS
from tracelens import archive
from tracelens.discover import discover
from tracelens.pipeline import ingest
from tracelens.segments import write_all
from tracelens.store import ask

pytestmark = pytest.mark.usefixtures("few_rules")

LOG = b"\r\n".join(KINDS["smtp"].lines()) + b"\r\n"


def test_a_zip_with_nested_folders_reads_like_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "plain" / KINDS["smtp"].path
    place.parent.mkdir(parents=True)
    place.write_bytes(LOG)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"отчёт/{KINDS['smtp'].path}", LOG)
        packed.writestr("notes.txt", "remember the milk")
    ingest([tmp_path / "plain"], tmp_path / "A")
    account = ingest([tmp_path / "logs.zip"], tmp_path / "B")
    rows = "select * exclude (file_id) from smtp_event order by line_number"
    assert ask(tmp_path / "A", rows).equals(ask(tmp_path / "B", rows))
    assert account.new_files == 1
    assert [name.endswith("logs.zip!/notes.txt") for name, _ in account.skipped] == [True]
    again = ingest([tmp_path / "logs.zip"], tmp_path / "B")
    assert (again.new_files, again.generation) == (0, account.generation)


def test_a_gz_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "RECV2026030208-1.LOG.gz").write_bytes(gzip.compress(LOG))
    ingest([tmp_path / "RECV2026030208-1.LOG.gz"], tmp_path / "S", server="EX01", service="frontend")
    assert ask(tmp_path / "S", "select count(*) as n, min(server) as s from smtp_event").row(0) == (2000, "EX01")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.zip", b"PK\x03\x04 nothing"), ("a.gz", b"not packed"), ("b.gz", gzip.compress(LOG)[:-20]), ("c.gz", b"")],
)
def test_a_damaged_archive_is_named_and_costs_only_itself(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / name).write_bytes(content)
    (tmp_path / "logs" / "RECV.LOG").write_bytes(LOG)
    account = ingest([tmp_path / "logs"], tmp_path / "S")
    assert account.new_files == 1
    told = account.failed + account.skipped
    assert len(told) == 1
    assert name in told[0][0]
    assert told[0][1]


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("RECV.LOG", b"\0" * 40_000_000)
    found = discover([tmp_path])
    assert found[0].is_failed
    assert "unpacks to 40,000,000 bytes" in str(found[0].reason)


def test_a_gz_bomb_stops_at_the_bound(tmp_path: Path) -> None:
    (tmp_path / "RECV.LOG.gz").write_bytes(gzip.compress(LOG[:400] + b"x" * 60_000_000))
    member = archive.members(tmp_path / "RECV.LOG.gz")[0]
    with pytest.raises(OSError, match="unpacks to more than"):
        archive.unpack(member, tmp_path / "out")


def test_a_name_that_climbs_out_writes_nothing_outside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "climb.zip", "w") as packed:
        packed.writestr("../../RECV.LOG", LOG)
    ingest([tmp_path / "climb.zip"], tmp_path / "deep" / "S")
    assert not list(tmp_path.glob("RECV*"))
    assert not list(tmp_path.parent.glob("RECV*"))


def test_the_directory_of_a_zip_is_not_read_for_each_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    class Counted(zipfile.ZipFile):
        def __init__(self, *words: Any, **more: Any) -> None:
            opened.append(words)
            super().__init__(*words, **more)

    rows = LOG.splitlines(keepends=True)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as packed:
        for number in range(20):
            packed.writestr(f"{number}/RECV.LOG", b"".join(rows[:5] + rows[5 + number :][:9]))
    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    found = discover([tmp_path / "logs.zip"])
    written = write_all(found, tmp_path / "S", 1, lambda _: None)
    assert [done.counts.events for done in written.values()] == [9] * 20
    assert len(opened) == 3


def test_an_archive_in_an_archive_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("inner.zip", b"PK")
    zipfile.ZipFile(tmp_path / "b.zip", "w").close()
    reasons = [entry.reason for entry in discover([tmp_path])]
    assert reasons == ["an archive inside an archive is not opened: unpack it", "an archive without files"]


def test_names_by_backslash_are_folders_and_a_name_that_comes_twice_is_two_files(tmp_path: Path) -> None:
    below = "EX01\\TransportRoles\\Logs\\Hub\\ProtocolLog\\SmtpReceive\\RECV20260302-1.LOG"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(below, LOG)
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr(below, LOG + LOG)
    found = discover([tmp_path])
    assert [(entry.server, entry.service, entry.size_bytes) for entry in found] == [
        ("EX01", "hub", len(LOG)),
        ("EX01", "hub", 2 * len(LOG)),
    ]
