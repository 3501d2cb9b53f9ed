"""Disguised logs give the same paths and findings, and nothing of the names in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tracelens import store
from tracelens.classify import classify
from tracelens.cli import main
from tracelens.pipeline import ingest
from tracelens.pseudonym import Tokens
from tracelens.rulebook import load_signatures
from tracelens.scrub import Scrub, fields

from .conftest import Pair

Call = Callable[..., Result]
KEPT = {
    "com", "net", "org", "mail", "user", "127.0.0.1", "maildeliveryprobe", "maildeliveryprobe.com",
    "maildeliveryprobe@maildeliveryprobe.com",
}  # fmt: skip
"""Public suffixes, words of Exchange itself, and names that say nothing of the estate: docs/casefile.md lists them."""


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return store.ask(folder, sql).rows()


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix == ".LOG")


def shape(text: str) -> str:
    """The text with what stands in fields left out: commas, quotes around fields and line ends remain."""
    quoted = re.sub(r'"(?:[^"]|"")*"', lambda found: '"' + "\n" * found.group().count("\n") + '"', text)
    return re.sub(r'[^,"\n\0]+', "x", quoted)


def test_files_lines_ends_and_quotes_are_the_same(pair: Pair) -> None:
    assert len(files(pair.logs)) == len(files(pair.copy)) > 200
    assert sorted(shape(path.read_text("utf-8")) for path in files(pair.logs)) == sorted(
        shape(path.read_text("utf-8")) for path in files(pair.copy)
    )
    assert sorted(path.read_bytes().count(b"\r\n") for path in files(pair.logs)) == sorted(
        path.read_bytes().count(b"\r\n") for path in files(pair.copy)
    )
    heads = [b"".join(path.read_bytes().splitlines(True)[:5]) for path in files(pair.logs)]
    assert sorted(heads) == sorted(b"".join(path.read_bytes().splitlines(True)[:5]) for path in files(pair.copy))
    assert {path.name for path in files(pair.copy)} == {path.name for path in files(pair.logs)}


def test_hops_are_the_same_under_their_tokens(pair: Pair) -> None:
    sql = """
        select h.message_key, h.from_server, h.to_server, p.to_server, h.from_ip, h.to_ip, h.kind, h.from_service,
            h.to_service, h.to_port, h.outcome, h.basis, h.started_at, h.ended_at, h.transit_ms, h.tls_version,
            p.kind, p.started_at, p.ended_at, p.to_port
        from hop h left join hop p on p.hop_key = h.parent_hop_key where h.message_key not like 'smtp:%'"""
    tokens = pair.tokens

    def token(row: tuple[Any, ...]) -> tuple[Any, ...]:
        key, *rest = row
        hosts, addresses = rest[:3], rest[3:5]
        return (
            tokens.hexes(key) if not key.startswith("id:") else "id:" + tokens.mail(key[3:]),
            *(name and tokens.host(name) for name in hosts),
            *(address and tokens.ip(address) for address in addresses),
            *rest[5:],
        )

    expected = Counter(token(row) for row in rows(pair.store, sql))
    assert expected.total() > 400
    assert Counter(rows(pair.copy_store, sql)) == expected


def test_legs_are_the_same_under_their_tokens(pair: Pair) -> None:
    sql = "select recipient_address, status, final_at, total_ms, reason_code from leg"
    tokens = pair.tokens
    expected = Counter((tokens.mail(address), *rest) for address, *rest in rows(pair.store, sql))
    assert Counter(rows(pair.copy_store, sql)) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "select rule_id, severity, hit_count, first_at, last_at from finding",
        "select rule_id, state, finding_count from rule_run",
        "select status, origin_class, hop_count, leg_count, recipient_count, message_bytes, is_noise from message",
        "select service, direction, event_count, accepted_count, refused_count, auth_failure_count, tls_version, "
        "longest_silence_ms, is_noise, noise_filter, close_reason from session",
        "select transaction_number, reply_code, enhanced_code, message_bytes, is_accepted, len(recipients) "
        "from transaction",
        "select join_name, basis, count(*) from link group by all",
        "select log, hour, service, reason from gap",
        "select r.log, c.signature_id, c.class from reply r join reply_class c on c.text = r.text",
        "select service, log, hour, file_count, event_count from coverage",
        "select format, line_count, header_count, event_count, reject_count, service from log_file "
        "where format is not null",
    ],
    ids=lambda sql: re.search(r"from (\w+)", sql).group(1),  # type: ignore[union-attr]
)
def test_the_copy_gives_the_same_rows(pair: Pair, sql: str) -> None:
    expected = Counter(rows(pair.store, sql))
    assert expected or "gap" in sql
    assert Counter(rows(pair.copy_store, sql)) == expected


def originals(folder: Path) -> set[str]:
    """Everything in a store that names a person, a host, a message or a network."""

    def values(sql: str) -> set[str]:
        return {str(row[0]) for row in rows(folder, sql) if row[0]}

    mails = values(
        "select unnest(recipient_address) from tracking_event union select sender_address from tracking_event "
        "union select return_path from tracking_event union select related_recipient_address from tracking_event "
        "union select reference from tracking_event union select message_id from tracking_event "
        "union select unnest(recipients) from transaction union select mail_from from transaction "
        "union select message_id from transaction union select recipient_address from leg"
    )
    mails = {part.strip("<> ") for value in mails for part in value.split(";")}
    hosts = values(
        "select client_hostname from tracking_event union select server_hostname from tracking_event "
        "union select helo_name from session union select server from session union select next_hostname from transaction "
        r"union select split_part(connector_id, '\', 1) from session where contains(connector_id, '\')"
    )
    accounts = values("select auth_user from session union select user_name from logon")
    found = mails | hosts | accounts
    found |= values("select message_subject from tracking_event")
    found |= values("select network_message_id from tracking_event")
    found |= values(
        "select remote_ip from session union select local_ip from session union select client_ip from tracking_event "
        "union select server_ip from tracking_event union select original_client_ip from tracking_event "
        "union select proxied_ip from session"
    )
    found |= values("select thumbprint from certificate union select subject from certificate")
    for value in mails | accounts:
        found |= set(re.split(r"[\\@]", value))
    for host in hosts | {mail.rpartition("@")[2] for mail in mails}:
        found |= set(host.split(".")) if not re.fullmatch(r"[\[\d.\]]+", host) else set()
    return {value.lower() for value in found if len(value) > 2 and not value.isdigit()}


def named_in(folder: Path, values: set[str]) -> set[str]:
    """The values that stand in the files or their paths, as whole words; header lines are left out."""
    texts = []
    for path in folder.rglob("*"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            texts.append(str(path.relative_to(folder)))
            texts += [line for line in lines if not line.startswith("#")]
    text = "\n".join(texts).lower()
    words = set(re.findall(r"\w+", text))
    possible = {value for value in values if words.issuperset(re.findall(r"\w+", value))}
    return {value for value in possible if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text)}


def test_no_original_name_address_subject_host_or_ip_is_in_the_copy(pair: Pair) -> None:
    values = originals(pair.store)
    assert len(values) > 600
    there = {"contoso.com", "ex01", "anna.berg"}
    assert named_in(pair.logs, there) == there <= values, "the search finds what is there"
    assert named_in(pair.copy, values) - KEPT == set()


def test_another_key_gives_other_tokens(call: Call, pair: Pair, tmp_path: Path) -> None:
    done = call("pseudonymise", pair.logs / "EX01", "--out", "other", "--key", "other.key")
    assert done.exit_code == 0, done.output
    names = set(re.findall(r"\bt[a-z2-7]{12}\b", "".join(path.read_text() for path in files(tmp_path / "other"))))
    same = set(re.findall(r"\bt[a-z2-7]{12}\b", "".join(path.read_text() for path in files(pair.copy))))
    assert len(names) > 100
    assert not names & same


def test_the_same_key_gives_the_same_copy(call: Call, pair: Pair, tmp_path: Path) -> None:
    place = "EX02/TransportRoles/Logs/MessageTracking"
    done = call("pseudonymise", pair.logs / place, "--out", "again", "--key", pair.key)
    assert done.exit_code == 0, done.output
    for path in files(tmp_path / "again"):
        assert path.read_bytes() == (pair.copy / path.relative_to(tmp_path / "again")).read_bytes()


TRACKING = "#Software: Microsoft Exchange Server\r\n#Log-type: Message Tracking Log\r\n#Anna keeps this log\r\n"
FIELDS_2007 = (
    "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,"
    "event-id,internal-message-id,message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info\r\n"
)
ROW = (
    "2026-03-02T08:00:0{n}.000Z,192.0.2.5,ex01,192.0.2.5,ex01,08DC0000000000A1;2026-03-02T08:00:00.000Z;0,"
    "EX01\\Default EX01,SMTP,RECEIVE,471{n},<a{n}@example.com>,bob@contoso.com,,2048,1,,,{subject},ann@example.com,"
    "ann@example.com,0cA: \r\n"
)
FAULTS = {
    "clean": ROW.format(n=1, subject="Hello Bob"),
    "quote_in_subject": ROW.format(n=1, subject='"Say ""Bob"", twice"'),
    "line_break_in_subject": ROW.format(n=1, subject='"Bob\r\nhere"') + ROW.format(n=2, subject="Bob"),
    "unbalanced_quote": ROW.format(n=1, subject='"Bob') + ROW.format(n=2, subject="Bob"),
    "torn_tail": ROW.format(n=1, subject="Bob") + "2026-03-02T08:00:02.000Z,192.0.2.5,ex01,bob@conto",
    "wrong_width": ROW.format(n=1, subject="Hi, Bob") + ROW.format(n=2, subject="Bob"),
    "prose_between": "Bob was here\r\n" + ROW.format(n=1, subject="Bob"),
    "nul_bytes": ROW.format(n=1, subject="Bob") + "\0\0\0bob@contoso.com\0\r\n" + ROW.format(n=2, subject="Bob"),
    "blank_lines": "\r\n" + ROW.format(n=1, subject="Bob") + "\r\n\r\n" + ROW.format(n=2, subject="Bob"),
    "line_feeds_only": ROW.format(n=1, subject="Bob").replace("\r\n", "\n"),
}
CASES = [(fault, encoding) for fault in FAULTS for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32")]


def name_of(fault: str, encoding: str) -> str:
    return f"MSGTRK20260302{CASES.index((fault, encoding)):02}-1.LOG"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs with each fault in each encoding, their copy, and a store of either."""
    root = tmp_path_factory.mktemp("faulty")
    folder = root / "logs" / "EX01" / "TransportRoles" / "Logs" / "MessageTracking"
    folder.mkdir(parents=True)
    for fault, encoding in CASES:
        text = TRACKING + FIELDS_2007 + FAULTS[fault]
        (folder / name_of(fault, encoding)).write_bytes(text.encode(encoding))
    words = ["pseudonymise", str(root / "logs"), "--out", str(root / "copy"), "--key", str(root / "a.key")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    for place in ("logs", "copy"):
        ingest([root / place], root / f"{place}-store", workers=1)
    return root


@pytest.mark.parametrize(("fault", "encoding"), CASES)
def test_a_faulty_file_is_read_as_its_original_is(faulty: Path, fault: str, encoding: str) -> None:
    name, text = name_of(fault, encoding), TRACKING + FIELDS_2007 + FAULTS[fault]
    (copied,) = (faulty / "copy").rglob(name)
    new = copied.read_bytes().decode(encoding)
    assert shape(new) == shape(text)
    assert new.count("\r\n") == text.count("\r\n")
    assert not re.search(r"\b(bob|ann|anna|contoso|ex01)\b", new.lower())
    told = f"""
        select line_count, header_count, event_count, reject_count, blank_count, pending_count, continuation_count,
            list(r.reason order by r.line_number)
        from log_file f left join reject r on r.file_id = f.file_id where ends_with(f.path, '{name}') group by all"""
    assert len(rows(faulty / "logs-store", told)) == 1
    assert rows(faulty / "copy-store", told) == rows(faulty / "logs-store", told)


def test_a_log_whose_lines_end_in_returns_alone_or_that_ends_in_half_a_sign_shows_no_name(
    call: Call, tmp_path: Path
) -> None:
    text = TRACKING + FIELDS_2007 + FAULTS["quote_in_subject"]
    (tmp_path / "MSGTRK2026030201-1.LOG").write_bytes(text.replace("\r\n", "\r").encode())
    (tmp_path / "MSGTRK2026030202-1.LOG").write_bytes(text.encode("utf-16") + b"x")
    (tmp_path / "MSGTRK2026030203-1.LOG").write_bytes(text.encode("utf-32") + b"\xff" * 4)
    done = call("pseudonymise", *sorted(tmp_path.glob("*.LOG")), "--out", "copy", "--key", "a.key")
    assert "2 files, 2 rows, 0 lines that are no rows" in done.stdout
    assert "MSGTRK2026030203-1.LOG: cannot be read as utf-32-le" in done.stdout
    copies = [path.read_bytes().replace(b"\0", b"").lower() for path in sorted((tmp_path / "copy").rglob("*.LOG"))]
    assert [b"contoso" in copy or b"bob" in copy for copy in copies] == [False, False]


def test_other_files_are_left_out_and_named(call: Call, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "notes.txt").write_text("Anna's password is here", encoding="utf-8")
    done = call("pseudonymise", logs, "--out", "copy", "--key", "a.key")
    assert done.exit_code == 0
    assert "0 files" in done.stdout
    assert "left out: " in done.stdout and "notes.txt" in done.stdout
    assert not list((tmp_path / "copy").rglob("*.txt"))


def test_a_folder_with_something_in_it_is_refused(call: Call, pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a").write_text("x")
    refused = call("pseudonymise", pair.logs, "--out", "copy", "--key", "a.key")
    assert refused.exit_code == 2
    assert "not an empty folder" in refused.output


def test_two_folders_that_would_become_one_are_refused(call: Call, pair: Pair, tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name / "EX01" / "TransportRoles" / "Logs" / "MessageTracking"
        folder.mkdir(parents=True)
        text = TRACKING + FIELDS_2007 + FAULTS["clean"]
        (folder / "MSGTRK20260302-1.LOG").write_bytes(text.encode())
    refused = call("pseudonymise", "a/EX01", "b/EX01", "--out", "copy", "--key", "a.key")
    assert refused.exit_code == 2
    assert "would both become" in refused.output


def test_a_server_without_its_folder_is_still_named_in_the_path(call: Call, pair: Pair, tmp_path: Path) -> None:
    inside = pair.logs / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    assert call("pseudonymise", inside, "--out", "copy", "--key", pair.key).exit_code == 0
    server = pair.tokens.host("EX01")
    assert (
        tmp_path / "copy" / server / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    ).is_dir()


def test_what_a_row_refers_to_can_still_be_followed() -> None:
    scrub = Scrub(Tokens(b"k" * 32))
    change = fields(scrub)["reference"]
    assert change("49823505973893") == "49823505973893"
    assert change("{49823505973893}") == "{49823505973893}"
    assert change("<a1@example.com>;<b2@example.com>") == ";".join(
        scrub.text(part) for part in ("<a1@example.com>", "<b2@example.com>")
    )


def test_every_failure_text_keeps_its_meaning() -> None:
    scrub, signatures = Scrub(Tokens(b"k" * 32)), load_signatures()
    for signature in signatures:
        for text in (*signature.examples, *signature.counter_examples):
            before, after = classify(text, signatures), classify(scrub.text(text), signatures)
            assert (after and after.id) == (before and before.id), (text, scrub.text(text))


def test_a_long_line_of_anything_takes_no_longer_than_its_length() -> None:
    scrub = Scrub(Tokens(b"k" * 32))
    for piece in ("a+", "<@", "1.", "a-.", "a:", "\\a", "::", "@a", "x=", "<<", "a--"):
        scrub.text(piece * 20_000)
        scrub.said("MAIL FROM:<" + piece * 20_000, "")
