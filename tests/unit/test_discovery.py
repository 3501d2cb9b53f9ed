"""Which server and service wrote a log, and what is left out and why."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.conftest import KINDS, Read, header, moment
from tracelens.cli import main
from tracelens.discover import discover, recognise
from tracelens.errors import InputError
from tracelens.pipeline import ingest
from tracelens.schema import SMTP_FIELDS, TRACKING_2007, TRACKING_2010, TRACKING_2013, TRACKING_2016

pytestmark = pytest.mark.usefixtures("few_rules")

Reading = Callable[[bytes, str], Read]
RECEIVE = "\r\n".join(header("SMTP Receive Protocol Log", SMTP_FIELDS)) + "\r\n"


@pytest.mark.parametrize(
    ("path", "server", "service"),
    [
        ("EX01/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive/RECV1.LOG", "EX01", "frontend"),
        ("ex02.contoso.com/TransportRoles/Logs/Hub/ProtocolLog/SmtpReceive/RECV1.LOG", "EX02", "hub"),
        ("EX01/TransportRoles/Logs/Mailbox/ProtocolLog/SmtpReceive/Delivery/RECV1.LOG", "EX01", "delivery"),
        ("EX01/V15/TransportRoles/Logs/Edge/ProtocolLog/SmtpReceive/RECV1.LOG", "EX01", "edge"),
        ("EX01/C$/Program Files/Microsoft/Exchange Server/V15/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive/R.LOG", "EX01", "frontend"),
        ("пошта/EX03/TransportRoles/Logs/Hub/ProtocolLog/SmtpReceive/RECV1.LOG", "EX03", "hub"),
        ("somewhere/RECV1.LOG", None, None),
    ],
)  # fmt: skip
def test_folders_name_server_and_service(tmp_path: Path, path: str, server: str | None, service: str | None) -> None:
    place = tmp_path / path
    place.parent.mkdir(parents=True)
    place.write_text(RECEIVE, encoding="utf-8", newline="")
    found = discover([tmp_path])[0]
    assert (found.server, found.service) == (server, service)
    told = discover([tmp_path], server="ex09.contoso.com", service="edge")[0]
    assert (told.server, told.service) == ("EX09", "edge")


@pytest.mark.parametrize("fields", [TRACKING_2007, TRACKING_2010, TRACKING_2013, TRACKING_2016], ids=len)
def test_tracking_of_every_width_is_read_by_its_fields(read: Reading, fields: list[str]) -> None:
    values = {"date-time": moment(1), "event-id": "RECEIVE", "source": "SMTP", "message-id": "<a@example.com>",
              "recipient-address": "anna@contoso.com;ben@contoso.com", "server-hostname": "ex01.contoso.com"}  # fmt: skip
    lines = [*header("Message Tracking Log", fields), ",".join(values.get(name, "") for name in fields)]
    row = read("\r\n".join(lines).encode() + b"\r\n", "MSGTRK.LOG").events[0]
    assert row["server"] == "EX01"
    assert row["recipient_address"] == ["anna@contoso.com", "ben@contoso.com"]
    assert row["network_message_id"] is None


STATUSES = {
    "250 2.1.5 Recipient OK;550 5.1.1 no": ["250 2.1.5 Recipient OK", "550 5.1.1 no"],
    "[{LED=550 5.1.1 [1.2.3.4] no; really};{MSG=}];250 ok": ["[{LED=550 5.1.1 [1.2.3.4] no; really};{MSG=}]", "250 ok"],
    "550 5.1.10 one; not found;550 5.7.129 two; not allowed": ["550 5.1.10 one; not found", "550 5.7.129 two; not allowed"],
    "one text; for both; or more": ["one text; for both; or more"] * 2,
    "550 5.1.1 no [never closed;250 ok": ["550 5.1.1 no [never closed", "250 ok"],
    "no [never closed;ok": ["no [never closed;ok"] * 2,
    "": [],
}  # fmt: skip


def test_statuses_stand_beside_their_recipients(read: Reading) -> None:
    values = {"date-time": moment(1), "event-id": "SEND", "recipient-address": "a@contoso.com;b@contoso.com"}
    rows = [",".join({**values, "recipient-status": told}.get(name, "") for name in TRACKING_2016) for told in STATUSES]
    lines = [*header("Message Tracking Log", TRACKING_2016), *rows]
    done = read("\r\n".join(lines).encode() + b"\r\n", "MSGTRK.LOG")
    assert [row["recipient_status"] for row in done.events] == list(STATUSES.values())


def test_ports_and_connectors_judge_where_folders_are_silent(read: Reading) -> None:
    rows = [
        f"{moment(n)},EX0{n}\\{name},08D{n},0,10.0.0.1:{port},192.0.2.7:4000,+,,"
        for n, (name, port) in enumerate(
            [("Default Frontend EX00", 25), ("Default EX01", 2525), ("Client Proxy", 465), ("Delivery", 475)]
        )
    ]
    done = read((RECEIVE + "\r\n".join(rows)).encode() + b"\r\n", "RECV.LOG")
    got = [(event["server"], event["service"]) for event in done.events]
    assert got == [("EX00", "frontend"), ("EX01", "hub"), ("EX02", "hub"), ("EX03", "delivery")]


def test_what_is_no_log_is_listed_with_its_reason(tmp_path: Path) -> None:
    kind = KINDS["smtp"]
    (tmp_path / "RECV.LOG").write_bytes(b"\r\n".join(kind.lines()) + b"\r\n")
    (tmp_path / "picture.png").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "IMAP4.LOG").write_text("#Log-type: IMAP4 Log\r\n#Fields: dateTime,sessionId\r\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("remember the milk\n", encoding="utf-8")
    (tmp_path / os.fsdecode(b"caf\xe9.log")).write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    listed = f'"{tmp_path}"\r\n'.encode("utf-16")  # as PowerShell writes a list
    told = CliRunner().invoke(main, ["ingest", "-", "--store", str(tmp_path.with_name("S"))], input=listed)
    assert told.exit_code == 0, told.output
    account = ingest([tmp_path], tmp_path.with_name("S"))
    failed = {Path(name).name: reason for name, reason in account.failed}
    assert failed.pop("caf\\xe9.log").startswith("its name is no UTF-8")
    assert failed == {"pipe": "no regular file"}
    reasons = {Path(name).name: reason for name, reason in account.skipped}
    assert reasons["empty.log"] == "empty file"
    assert "IMAP4 Log" in reasons["IMAP4.LOG"]
    assert set(reasons) == {"picture.png", "empty.log", "IMAP4.LOG", "notes.txt"}


def test_a_wrong_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        discover([tmp_path / "nowhere"])


def test_patterns_find_files_and_one_that_finds_nothing_is_named(tmp_path: Path) -> None:
    for name in ("a/RECV1.LOG", "a/b/RECV2.LOG", "a/b/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(RECEIVE, encoding="utf-8", newline="")
    assert [entry.path.name for entry in discover([tmp_path / "**" / "RECV*.LOG"])] == ["RECV1.LOG", "RECV2.LOG"]
    with pytest.raises(InputError, match="no file or folder"):
        discover([tmp_path / "*.zip"])


def test_linked_folders_are_read_once_and_a_link_that_leads_back_ends(tmp_path: Path) -> None:
    for name in ("share/RECV1.LOG", "logs/RECV2.LOG"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(RECEIVE, encoding="utf-8", newline="")
    (tmp_path / "logs" / "EX02").symlink_to(tmp_path / "share")
    (tmp_path / "logs" / "back").symlink_to(tmp_path / "logs")
    found = [tmp_path / "logs" / "EX02" / "RECV1.LOG", tmp_path / "logs" / "RECV2.LOG"]
    assert sorted(entry.path for entry in discover([tmp_path / "logs", tmp_path / "share"])) == found
    assert sorted(entry.path for entry in discover([tmp_path / "logs" / "**" / "*.LOG"])) == found


def test_a_path_of_windows_is_found_by_slashes_or_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "RECV1.LOG").write_text(RECEIVE, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    assert [entry.path.name for entry in discover(["logs\\RECV1.LOG"])] == ["RECV1.LOG"]
    with pytest.raises(InputError, match="path of Windows"):
        discover(["C:\\logs\\RECV1.LOG"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Date\tTime\n2003-1-5\t0:0:1 GMT\t-\t-\t-\tEX01\t-\tanna@contoso.com\t1027\n", "Exchange 2000 or 2003"),
        ("2006-01-02 03:04:05 192.0.2.7 - SMTPSVC1 EX01 192.0.2.1 0 xxxx - +example.com 500 0 32\n", "IIS SMTP"),
        ("2026-03-02T08:00:00.000Z,000000000000000E,2,192.0.2.1:143,192.0.2.7:4100,anna,1,3,1,login,,\n", "IMAP4"),
        ("PK\x03\x04 [Content_Types].xml", "Excel workbook"),
        ("EventId,Source,MessageId,Sender,Recipients\n1,2,3,4,5\n", "without its Timestamp"),
        ("220 mail.contoso.com Microsoft ESMTP MAIL Service ready\nehlo\n250 OK\n", "by hand"),
    ],
)
def test_what_lies_beside_transport_logs_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.log").write_text(text, encoding="utf-8")
    found = discover([tmp_path])[0]
    assert found.format is None and said in str(found.reason)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MessageTrackingReportId : x\nSubmittedDateTime : 3/14/2026 9:00:05 AM\n", "use Get-MessageTrackingLog"),
        (b'"Email date (UTC)","Delivery action","Internet message ID","Network message ID"\n', "messages of Defender"),
        (b"<!DOCTYPE html>\n<table><tr><th>Timestamp</th></tr></table>\n", "use Export-Csv"),
        (b"!BDN\0\0\0\0", "save the messages as .eml"),
    ],
)
def test_what_is_not_read_is_named_with_the_way_out(tmp_path: Path, content: bytes, said: str) -> None:
    place = tmp_path / "x.txt"
    place.write_bytes(content)
    found = recognise(place)
    assert found.format is None
    assert said in (found.reason or "")
