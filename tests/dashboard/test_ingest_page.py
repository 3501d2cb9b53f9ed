"""The page Ingest: what was read, what was not and why, and uploads."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tracelens import store as stores
from tracelens.dashboard import upload
from tracelens.errors import ConfigError
from tracelens.lock import lock
from tracelens.pipeline import ingest

Show = Callable[..., AppTest]
ROOT = Path(__file__).parents[2]
LOG = next((ROOT / "sample_logs" / "EX01").rglob("FrontEnd/ProtocolLog/SmtpReceive/*.LOG"))
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def mixed_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one log with a broken line, and of a file that is none."""
    folder = tmp_path_factory.mktemp("mixed")
    logs = folder / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    logs.mkdir(parents=True)
    (logs / LOG.name).write_bytes(LOG.read_bytes() + f'2026-03-02T08:59:59.000Z,"{EVIL}\r\n'.encode())
    (folder / "notes.txt").write_text("shopping list\n", encoding="utf-8")
    ingest([folder], folder / "store", workers=1)
    return folder / "store"


@pytest.fixture
def small_store(tmp_path: Path, empty_store: Path) -> Iterator[Path]:
    """A store of its own that may be written."""
    shutil.copytree(empty_store, tmp_path / "store")
    yield tmp_path / "store"
    upload.running().clear()


def told(at: AppTest) -> str:
    kinds = ("caption", "error", "info", "success", "text")
    return "\n".join(str(part.value) for kind in kinds for part in at.get(kind))


def test_files_with_trouble_come_first_with_the_reason(show: Show, mixed_store: Path) -> None:
    at = show(mixed_store, "95_ingest", state="skipped")
    files = at.dataframe[-1].value
    assert list(files["file"]) == ["notes.txt"]
    assert "not an Exchange transport log" in files["reason"][0]


def test_the_lines_of_a_file_are_accounted_for(show: Show, mixed_store: Path) -> None:
    (row,) = stores.ask(mixed_store, "select * from log_file where reject_count > 0").to_dicts()
    at = show(mixed_store, "95_ingest", file=row["path"])
    account = next(part.value for part in at.markdown if f"Its **{row['line_count']:,}** lines: " in part.value)
    assert f"{row['event_count']:,} rows, 1 rejected line, {row['header_count']:,} lines of headers" in account


def test_rejected_lines_are_shown_with_their_text_and_place(show: Show, mixed_store: Path) -> None:
    at = show(mixed_store, "95_ingest", view="Rejected lines")
    held = stores.ask(mixed_store, "select line_number, text from reject order by line_number")
    shown = at.dataframe[-1].value
    assert list(shown["line"]) == held["line_number"].to_list()
    assert any(EVIL in text for text in shown["text"])


def test_rejected_lines_can_be_searched(show: Show, mixed_store: Path) -> None:
    at = show(mixed_store, "95_ingest", view="Rejected lines", line="no such text")
    assert "No such line" in told(at)


def test_an_upload_is_ingested_and_accounted_for(small_store: Path) -> None:
    before = stores.fingerprint(small_store)
    path = upload.keep(small_store, LOG.name, LOG.read_bytes())
    job = upload.start(small_store, [path], "EX01", "frontend")
    assert job.is_done(60)
    assert job.error is None
    assert job.answer.new_files == 1
    assert stores.fingerprint(small_store) != before
    paths = stores.ask(
        small_store, "select path, server, service from log_file where header_count > 0 and event_count > 0"
    ).row(0)
    assert paths == (str(path), "EX01", "frontend")


def test_the_page_shows_the_account_of_an_upload(show: Show, small_store: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("EX01/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive/" + LOG.name, LOG.read_bytes())
        archive.writestr("readme.txt", "nothing")
    path = upload.keep(small_store, "logs.zip", stream.getvalue())
    assert upload.start(small_store, [path], "", "").is_done(60)
    at = show(small_store, "95_ingest", view="Upload")
    assert "1 new file read" in told(at)
    assert "readme.txt" in told(at)


def test_an_upload_without_a_log_is_an_error_in_words(show: Show, small_store: Path) -> None:
    path = upload.keep(small_store, "holiday.txt", b"sun and sand\n")
    assert upload.start(small_store, [path], "", "").is_done(60)
    at = show(small_store, "95_ingest", view="Upload")
    assert "no log files found" in told(at).replace("\\", "").lower()
    assert not at.exception


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Logs\\RECV.LOG", "RECV.LOG"),
        ("..", "upload"),
        ("a<b>|c?.log", "a_b__c_.log"),
        ("x" * 300 + ".LOG", "x" * 116 + ".LOG"),
    ],
)
def test_an_uploads_name_stays_in_its_folder(tmp_path: Path, name: str, kept: str) -> None:
    path = upload.keep(tmp_path, name, b"1")
    assert path.name == kept
    assert path.parent.parent == tmp_path / "uploads"


def test_the_same_upload_twice_is_one_file(tmp_path: Path) -> None:
    assert upload.keep(tmp_path, "a.log", b"1") == upload.keep(tmp_path, "a.log", b"1")
    assert upload.keep(tmp_path, "a.log", b"2") != upload.keep(tmp_path, "a.log", b"1")


def test_an_ingest_of_another_process_is_said(show: Show, small_store: Path) -> None:
    with lock(small_store, 0):
        assert "An ingest is running." in told(show(small_store, "95_ingest", view="Upload"))
    assert not upload.is_busy(small_store)


def test_uploads_can_be_turned_off(show: Show, small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACELENS_UPLOAD_MB", "0")
    at = show(small_store, "95_ingest", view="Upload")
    assert "turned off" in told(at)
    assert not [button for button in at.button if button.key == "upload_start"]


def test_a_limit_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACELENS_UPLOAD_MB", "plenty")
    with pytest.raises(ConfigError, match="plenty"):
        upload.limit_mb()
