"""`tracelens findings --unclassified`: the failure texts the signatures do not know."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tracelens.pipeline import ingest

HEAD = "#Software: Microsoft Exchange Server\n#Version: 15.0.0.0\n#Log-type: SMTP Receive Protocol Log\n#Date: 2026-03-02T08:00:00.000Z\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n"
ANSWERS = (
    "550 5.7.1 House rule 7 for <a@example.com>", "550 5.7.1 House rule 7 for <b@example.com>",
    "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "458 odd\x1b[2Janswer",
)  # fmt: skip


def row(number: int, event: str, data: str, context: str = "") -> str:
    at = f"2026-03-02T08:00:{number:02d}.000Z"
    return f'{at},EX01\\Default Frontend EX01,08DC000000000001,{number},10.0.10.11:25,192.0.2.7:50000,{event},"{data}","{context}"\n'


def stored(tmp_path: Path) -> Path:
    folder = tmp_path / "EX01/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive"
    folder.mkdir(parents=True)
    told = [row(0, "+", ""), row(1, "<", "MAIL FROM:<x@example.com>"), row(2, ">", "250 2.1.0 Sender OK")]
    for number, answer in enumerate(ANSWERS):
        told += [row(3 + 2 * number, "<", f"RCPT TO:<{number}@example.net>"), row(4 + 2 * number, ">", answer)]
    told.append(row(40, "*", "", "Proxy session failed"))
    told.append(row(41, "*", "", "Tarpit for '0.00:00:05'"))
    told.append(row(42, "*", "Tarpit for '0.00:00:25' due to 'DelayedAck'"))
    told.append(row(43, "*", "", "Client certificate chain validation status: 'EmptyCertificate'"))
    told.append(row(44, "*", "", "Client certificate chain validation status: 'UntrustedRoot'"))
    (folder / "RECV20260302-1.LOG").write_text(HEAD + "".join(told), encoding="utf-8")
    ingest([tmp_path / "EX01"], tmp_path / "S", workers=1)
    return tmp_path / "S"


def test_texts_no_signature_knows_are_counted_the_most_frequent_first(
    call: Callable[..., Result], tmp_path: Path
) -> None:
    store = stored(tmp_path)
    done = call("findings", "--unclassified", "--store", store, "--format", "csv")
    assert done.exit_code == 0
    told = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(t["reply_count"], t["text_count"], t["servers"], t["known_as"], t["perhaps"]) for t in told] == [
        ("2", "2", "EX01", "code-5.7.1", ""),
        ("1", "1", "EX01", "", ""),
        ("1", "1", "EX01", "", "proxy-target-not-found"),
    ]
    assert told[0]["text"] == "550 5.7.1 House rule 7 for <a@example.com>"
    assert (told[0]["first_at"], told[0]["last_at"]) == ("2026-03-02T08:00:04.000Z", "2026-03-02T08:00:06.000Z")
    assert "\x1b" not in done.stdout
    cut = call("findings", "--unclassified", "--store", store, "--limit", 1)
    assert "House rule 7" in cut.stdout and "Proxy session failed" not in cut.stdout
    assert "more with --limit" in cut.stderr


def test_certificate_trouble_and_long_tarpits_are_collected_the_usual_ones_are_not(
    call: Callable[..., Result], tmp_path: Path
) -> None:
    store = stored(tmp_path)
    sql = "select text, signature_id from reply join reply_class using (text) where not regexp_matches(text, '^[45]') order by text"
    done = call("sql", sql, "--store", store, "--format", "csv")
    assert list(csv.reader(io.StringIO(done.stdout)))[1:] == [
        ["Client certificate chain validation status: 'UntrustedRoot'", "tls-cert-untrusted-root"],
        ["Proxy session failed", ""],
        ["Tarpit for '0.00:00:25' due to 'DelayedAck'", "proxy-slow-ack"],
    ]


def test_the_sample_estate_has_no_text_that_is_unknown(call: Callable[..., Result], sample_store: Path) -> None:
    done = call("findings", "--unclassified", "--store", sample_store, "--format", "jsonl")
    assert (done.exit_code, done.stdout) == (0, "")
