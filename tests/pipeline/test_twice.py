"""Files that hold the same rows: copies, beginnings, moved files, overlapping cuts. Rows count once and none is lost."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.pipeline.stores import differences
from tests.pipeline.test_ingest import ROLE, ledger, sessions, write
from tests.unit.conftest import header, moment
from tracelens import store
from tracelens.pipeline import Account, ingest
from tracelens.schema import TRACKING_2016
from tracelens.story import account_text

pytestmark = pytest.mark.usefixtures("few_rules")

LOGS = Path("EX01/TransportRoles/Logs/MessageTracking")


def tracking(path: Path, numbers: Sequence[int]) -> Path:
    """Writes tracking rows, one a minute, each with its log-id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"date-time": moment(n), "server-hostname": "EX01", "source": "SMTP", "event-id": "RECEIVE",
         "message-id": f"<m{n}@example.com>", "recipient-address": "anna@contoso.com", "sender-address": "b@example.com",
         "log-id": f"00000000-0000-0000-0000-{n:012}"}
        for n in numbers
    ]  # fmt: skip
    lines = [
        *header("Message Tracking Log", TRACKING_2016),
        *(",".join(r.get(f, "") for f in TRACKING_2016) for r in rows),
    ]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    return path


def read(paths: Sequence[Path], folder: Path) -> Account:
    return ingest(paths, folder, workers=1)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the beginning first", "the whole first"])
def test_a_copy_of_the_beginning_of_a_log_counts_once_in_any_order(tmp_path: Path, order: Sequence[int]) -> None:
    whole = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2, 3)
    part = tmp_path / "copied" / "RECV-1.LOG"
    part.parent.mkdir()
    part.write_bytes(whole.read_bytes()[:-90])  # cut inside a row
    for at in order:
        read([(part, whole)[at]], tmp_path / "S")
    rows = {row["path"]: row for row in store.ask(tmp_path / "S", "select * from log_file").to_dicts()}
    assert (rows[str(part)]["state"], rows[str(part)]["reason"]) == ("skipped", f"beginning of {whole}")
    assert sessions(tmp_path / "S") == [1, 2, 3]
    assert store.ask(tmp_path / "S", "select count(*) from smtp_event").item() == 12


def test_a_log_saved_anew_in_another_encoding_counts_once_and_one_other_row_makes_it_another(tmp_path: Path) -> None:
    whole = write(tmp_path / ROLE / "RECV-1.LOG", 1)
    text = whole.read_text(encoding="utf-8")
    copies = tmp_path / "zcopies"
    copies.mkdir()
    (copies / "mark.LOG").write_text(text, encoding="utf-8-sig")
    (copies / "wide.LOG").write_text(text, encoding="utf-16")
    (copies / "another.LOG").write_text(text.replace("Hello", "hello"), encoding="utf-8")
    read([copies], tmp_path / "S")
    read([whole], tmp_path / "S")
    reasons = {Path(row["path"]).name: row["reason"] for row in store.ask(tmp_path / "S", "from log_file").to_dicts()}
    assert reasons.pop("another.LOG") is None
    assert reasons.pop("RECV-1.LOG") is None
    assert all(reason.endswith("saved anew") for reason in reasons.values())
    assert store.ask(tmp_path / "S", "select count(*) from smtp_event").item() == 8


def test_a_beginning_saved_anew_counts_once_by_its_rows_and_one_other_row_makes_it_another(tmp_path: Path) -> None:
    whole = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2, 3)
    text = whole.read_text(encoding="utf-8")
    rows = text.index("2026-")
    part = text[: text.index("2026-", len(text) - 200)]
    copies = tmp_path / "zcopies"
    copies.mkdir()
    kinds = {
        "feeds": part.replace("\r\n", "\n").encode(),
        "mark": part.encode("utf-8-sig"),
        "wide": part.encode("utf-16"),
        "cut": text[:-70].replace("\r\n", "\n").encode(),
        "padded": part.encode() + b"\0" * 5000,
        "headless": part[rows:].encode(),
        "another": part.replace("Hello", "hello").encode(),
        "later": (text[:rows] + part[part.index("2026-", rows + 9) :]).encode(),
    }
    for name, content in kinds.items():
        (copies / name).write_bytes(content)
    for paths in ([copies], [whole]):
        read(paths, tmp_path / "S")
    held = {Path(row["path"]).name: row for row in store.ask(tmp_path / "S", "from log_file").to_dicts()}
    kept = {name for name, row in held.items() if row["state"] != "skipped"}
    assert kept == {"RECV-1.LOG", "another", "later"}
    assert all(held[name]["reason"].startswith(("beginning of ", "copy of ")) for name in held.keys() - kept)
    counted = sum(held[name]["event_count"] for name in kept)
    assert store.ask(tmp_path / "S", "select count(*) from smtp_event").item() == counted
    assert read([copies, whole], tmp_path / "S").new_files == 0


def test_many_logs_that_begin_at_the_same_moment_are_all_read(tmp_path: Path) -> None:
    # held against each other row by row, these alone would take minutes
    for number in range(150):
        log = write(tmp_path / ROLE / f"RECV-{number + 1}.LOG", 1)
        log.write_text(log.read_text(encoding="utf-8").replace("08DE0000000000", f"08DE{number:010}"), encoding="utf-8")
    account = read([tmp_path / ROLE], tmp_path / "S")
    assert account.new_files == 150
    assert store.ask(tmp_path / "S", "select count(*), count(distinct file_id) from smtp_event").row(0) == (600, 150)


def test_a_beginning_is_known_by_its_rows_when_the_whole_log_is_gone(tmp_path: Path) -> None:
    whole = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2, 3)
    content = whole.read_bytes()
    read([whole], tmp_path / "S")
    whole.unlink()
    for name, changed in (("same", content[:-90]), ("other", content.replace(b"EHLO client", b"EHLO anyone")[:-90])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "RECV-1.LOG").write_bytes(changed)
    read([tmp_path / "same", tmp_path / "other"], tmp_path / "S")
    states = store.ask(tmp_path / "S", "select path, state from log_file").rows()
    assert sorted(Path(path).parent.name + " " + state for path, state in states) == [
        "SmtpReceive ingested",
        "other partial",
        "same skipped",
    ]


def test_a_set_aside_beginning_stays_so_while_the_log_grows_and_is_read_when_it_is_replaced(tmp_path: Path) -> None:
    log = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    shutil.copytree(tmp_path / "EX01", tmp_path / "copied" / "EX01")
    read([tmp_path / "EX01", tmp_path / "copied"], tmp_path / "S")
    write(log, 1, 2, 3)
    assert read([tmp_path / "EX01", tmp_path / "copied"], tmp_path / "S").new_files == 1
    assert sessions(tmp_path / "S") == [1, 2, 3]
    assert store.ask(tmp_path / "S", "select count(*) from smtp_event").item() == 12
    reasons = store.ask(tmp_path / "S", "select reason from log_file where state = 'skipped'").rows()
    assert reasons == [(f"beginning of {log}",)]
    write(log, 7)
    read([tmp_path / "EX01"], tmp_path / "S")
    assert sessions(tmp_path / "S") == [1, 2, 7]


def test_a_moved_log_is_followed(tmp_path: Path) -> None:
    log = write(tmp_path / ROLE / "RECV-1.LOG", 1, 2)
    read([tmp_path / "EX01"], tmp_path / "S")
    (tmp_path / "EX01" / "old").mkdir()
    moved = log.rename(tmp_path / ROLE / "RECV-2.LOG")
    read([tmp_path / "EX01"], tmp_path / "S")
    assert ledger(tmp_path / "S") == {"RECV-1.LOG": ("skipped", f"moved to {moved}"), "RECV-2.LOG": ("ingested", None)}
    read([tmp_path / "EX01"], tmp_path / "fresh")
    assert sessions(tmp_path / "S") == [1, 2]
    assert set(differences(tmp_path / "S", tmp_path / "fresh")) == {"log_file"}


def test_rows_of_two_overlapping_cuts_count_once_by_their_log_id(tmp_path: Path) -> None:
    cuts = (tracking(tmp_path / LOGS / "cut-a.log", range(1, 8)), tracking(tmp_path / LOGS / "cut-b.log", range(5, 12)))
    read([cuts[1]], tmp_path / "S")
    account = read([cuts[0]], tmp_path / "S")
    asked = "select count(*), count(distinct log_id) from tracking_event"
    assert store.ask(tmp_path / "S", asked).row(0) == (11, 11)
    assert store.ask(tmp_path / "S", "select count(*) from message").item() == 11
    rows = store.ask(tmp_path / "S", "select path, event_count, repeated_count from log_file order by path").rows()
    assert [(Path(path).name, *counts) for path, *counts in rows] == [("cut-a.log", 7, 0), ("cut-b.log", 7, 3)]
    assert store.ask(tmp_path / "S", "select kept_line_number, line_number from duplicate order by all").rows() == [
        (10, 6), (11, 7), (12, 8),
    ]  # fmt: skip
    assert "3 events stand in two files and count once" in account_text(account.kinds, [], [], False)


def test_events_of_an_export_count_as_those_of_its_log(tmp_path: Path) -> None:
    log = tracking(tmp_path / LOGS / "MSGTRK2026030208-1.LOG", range(1, 5))
    text = log.read_text(encoding="utf-8")
    for n in range(1, 5):  # the server's own number of the message
        text = text.replace(f",,<m{n}@", f",{n},<m{n}@")
    log.write_text(text, encoding="utf-8", newline="")
    rows = [("RECEIVE", 3), ("RECEIVE", 4), ("FAIL", 4), ("RECEIVE", 9)]
    export = tmp_path / "export.csv"
    export.write_text(
        "Timestamp,ServerHostname,Source,EventId,InternalMessageId,MessageId,Recipients,Sender,SourceContext\r\n"
        + "".join(
            f"2026-03-02T{moment(n)[11:19]}Z,EX01,SMTP,{event},{n},<m{n}@example.com>,anna@contoso.com,b@example.com,\r\n"
            for event, n in rows
        ),
        encoding="utf-8",
    )
    account = read([log, export], tmp_path / "S")
    counts = store.ask(tmp_path / "S", "select path, event_count, repeated_count from log_file order by path").rows()
    assert [(Path(path).name, *both) for path, *both in counts] == [
        ("MSGTRK2026030208-1.LOG", 4, 0),
        ("export.csv", 4, 2),
    ]
    asked = "select event_id, message_id from tracking_event order by message_id, event_id"
    assert [event + message[2] for event, message in store.ask(tmp_path / "S", asked).rows()] == [
        "RECEIVE1", "RECEIVE2", "RECEIVE3", "FAIL4", "RECEIVE4", "RECEIVE9",
    ]  # fmt: skip
    assert account.failed == []


def test_a_known_archive_is_not_unpacked_again(tmp_path: Path) -> None:
    log = write(tmp_path / ROLE / "RECV-1.LOG", 1)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as packed:
        packed.write(log, ROLE / "RECV-1.LOG")
        packed.writestr("notes.txt", "nothing of interest\n")
    first = read([tmp_path / "logs.zip"], tmp_path / "S")
    again = read([tmp_path / "logs.zip"], tmp_path / "S")
    assert (again.new_files, again.known_files, again.generation) == (0, 2, first.generation)
    assert again.skipped == first.skipped
    assert [Path(path).name for path, _ in again.skipped] == ["notes.txt"]
    other = ingest([tmp_path / "logs.zip"], tmp_path / "S", server="EX07", workers=1)
    assert other.new_files == 1
    assert store.ask(tmp_path / "S", "select distinct server from smtp_event").rows() == [("EX07",)]


def test_a_store_among_the_logs_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / ROLE / "RECV-1.LOG", 1)
    first = read([tmp_path], tmp_path / "S")
    again = read([tmp_path], tmp_path / "S")
    assert (again.generation, again.known_files, again.skipped) == (first.generation, 1, [])
