"""Pasted headers, .eml files and non-delivery reports: hops in order, times in UTC, what was refused by whom."""

from __future__ import annotations

import base64
import quopri
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.discover import recognise
from tracelens.formats import Parsed, Source, by_content, diagnostics, headers, received
from tracelens.segments import write_all

CHAIN = """Received: from EX02.contoso.com (192.0.2.12) by EX01.contoso.com
 (2001:db8::11%3) with Microsoft SMTP Server (version=TLS1_2,
 cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1118.7 via Mailbox
 Transport; Mon, 2 Mar 2026 09:00:07 +0100
Received: from mx.example.com (198.51.100.7) by EX02.contoso.com (192.0.2.12)
 with Microsoft SMTP Server id 15.2.1118.7 via Frontend Transport; Mon, 2 Mar
 2026 03:00:05 -0500
X-MS-Exchange-Organization-MessageLatency: SRV=EX02.contoso.com:TOTAL-FE=0.082|SMS=0.082
X-MS-Exchange-Organization-MessageHighPrecisionLatencyInProgress:
 LSRV=EX01.contoso.com:TOTAL-HUB=0.687;2026-03-02T08:00:07.0211234Z
Received: by mx.example.com (Postfix, from userid 22) id D7AB28CED6D2; Mon,
 2 Mar 2026 08:00:01 +0000 (UTC)
From: =?utf-8?q?Anna_M=C3=BCller?= <anna@example.com>
To: Bob <bob@contoso.com>
Subject: Received: from here
Message-ID: <a1@example.com>
"""
REPORT = """Delivery has failed to these recipients or groups:

bob@example.com<mailto:bob@example.com>
Note: this text is prose.

Diagnostic information for administrators:

Generating server: EX01.contoso.com
Receiving server: mx.example.com (198.51.100.7)

bob@example.com
3/4/2026 8:05:56 PM - Remote Server at mx.example.com (198.51.100.7) returned '550 4.4.7 QUEUE.Expired; message expired'
3/4/2026 7:58:27 PM - Server at mx.example.com (198.51.100.7) returned '441 4.4.1 Error: "Failed to connect. Winsock error code: 10060"'

carol@example.org
mail.example.org #550 5.1.1 User unknown ##
dave@example.net
mail.example.net #<mx9.example.net #5.7.1 smtp;550 5.7.1 Unable to relay> #SMTP#

Original message headers:

Received: from EX01.contoso.com ([::1]) by EX01.contoso.com ([fe80::1%14]) with mapi id
 15.02.1118.007; Mon, 2 Mar 2026 09:00:04 +0100
From: anna@contoso.com
Message-ID: <a2@contoso.com>

Reporting-MTA: dns;EX01.contoso.com

Final-Recipient: rfc822;bob@example.com
Action: failed
Status: 4.4.7
Diagnostic-Code: smtp;550 4.4.7 QUEUE.Expired; message expired

Final-Recipient: rfc822;erin@example.com
Status: 5.2.2
Remote-MTA: dns;mx.example.com
Last-Attempt-Date: Wed, 4 Mar 2026 21:00:00 +0100
Diagnostic-Code: smtp;550 5.2.2 mailbox full

Received: from EX01.contoso.com ([::1]) by EX01.contoso.com
 ([fe80::1%14]) with mapi id 15.02.1118.007; Mon, 2 Mar 2026 09:00:04 +0100
Message-ID: <a2@contoso.com>
"""


def parse(text: str, culture: str = "") -> Parsed:
    parsed = headers.parse(Source(text, "x.eml", culture=culture))
    assert len(parsed.lines) == len(text.split("\n")) - text.endswith("\n")
    assert set(parsed.lines) <= set("hecbr")
    assert sorted(parsed.rejects) == [number for number, letter in enumerate(parsed.lines, 1) if letter == "r"]
    return parsed


def told(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in rows]


def test_each_sample_is_recognised(tmp_path: Path) -> None:
    for sample in headers.FORMAT.samples:
        (tmp_path / "sample.eml").write_text(sample, encoding="utf-8")
        assert recognise(tmp_path / "sample.eml").format is headers.FORMAT
        assert parse(sample).rows


def test_the_lowest_received_is_the_first_hop_and_times_are_utc() -> None:
    parsed = parse(CHAIN)
    hops = [row for row in parsed.rows if row["kind"] == "received"]
    assert told(hops, "line_number", "hop_number", "date_time", "server", "from_host", "from_ip", "by_ip", "via", "protocol", "version") == [
        (1, 3, datetime(2026, 3, 2, 8, 0, 7), "EX01", "EX02.contoso.com", "192.0.2.12", "2001:db8::11", "Mailbox Transport", "SMTP", "15.2.1118.7"),
        (5, 2, datetime(2026, 3, 2, 8, 0, 5), "EX02", "mx.example.com", "198.51.100.7", "192.0.2.12", "Frontend Transport", "SMTP", "15.2.1118.7"),
        (11, 1, datetime(2026, 3, 2, 8, 0, 1), "MX", None, None, None, None, None, None),
    ]  # fmt: skip
    assert told(hops, "tls_version", "tls_cipher")[0] == ("TLS1_2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
    assert set(told(parsed.rows, "message_id", "sender_address", "recipient_address")) == {
        ("<a1@example.com>", "anna@example.com", "bob@contoso.com")
    }
    assert hops[1]["text"] == (
        "Received: from mx.example.com (198.51.100.7) by EX02.contoso.com (192.0.2.12) with Microsoft SMTP Server id "
        "15.2.1118.7 via Frontend Transport; Mon, 2 Mar 2026 03:00:05 -0500"
    )
    assert "".join(parsed.lines) == "ecccecceecechhhh"


def test_latency_headers_name_their_server_and_time() -> None:
    rows = [row for row in parse(CHAIN).rows if row["kind"] == "latency"]
    assert told(rows, "line_number", "server", "by_host", "date_time") == [
        (8, "EX02", "EX02.contoso.com", None),
        (9, "EX01", "EX01.contoso.com", datetime(2026, 3, 2, 8, 0, 7, 21123)),
    ]


def test_a_page_that_ate_the_indent_is_read_the_same() -> None:
    eaten = "\n".join(line.lstrip(" ") for line in CHAIN.split("\n"))
    wanted = told(parse(CHAIN).rows, "line_number", "hop_number", "date_time", "text")
    assert told(parse(eaten).rows, "line_number", "hop_number", "date_time", "text") == wanted


def test_headers_quoted_in_an_answer_read_like_the_headers(tmp_path: Path) -> None:
    quoted = "".join(f"> {line}\n" for line in CHAIN.splitlines())
    (tmp_path / "answer.txt").write_text(quoted, encoding="utf-8")
    found = recognise(tmp_path / "answer.txt").format
    assert found is not None and found.name == "headers"
    assert parse(quoted).rows == parse(CHAIN).rows


def test_the_machine_part_of_a_report_is_known_by_itself(tmp_path: Path) -> None:
    text = (
        "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; bob@contoso.com\nAction: failed\nStatus: 5.1.1\n"
        "Remote-MTA: dns; mail.contoso.com\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
    )
    (tmp_path / "dsn.txt").write_text(text, encoding="utf-8")
    assert recognise(tmp_path / "dsn.txt").format is not None
    assert told(parse(text).rows, "by_host", "recipient_address", "status_code") == [
        ("mail.contoso.com", "bob@contoso.com", "5.1.1")
    ]


def test_a_report_tells_who_refused_what() -> None:
    parsed = parse(REPORT)
    rows = [row for row in parsed.rows if row["kind"] == "diagnostic"]
    assert told(rows, "recipient_address", "status_code", "from_host", "by_host", "by_ip", "date_time", "server") == [
        ("bob@example.com", "4.4.7", "EX01.contoso.com", "mx.example.com", "198.51.100.7", datetime(2026, 3, 4, 20, 5, 56), "EX01"),
        ("bob@example.com", "4.4.1", "EX01.contoso.com", "mx.example.com", "198.51.100.7", datetime(2026, 3, 4, 19, 58, 27), "EX01"),
        ("carol@example.org", "5.1.1", "EX01.contoso.com", "mail.example.org", None, None, "EX01"),
        ("dave@example.net", "5.7.1", "EX01.contoso.com", "mx9.example.net", None, None, "EX01"),
        ("erin@example.com", "5.2.2", "EX01.contoso.com", "mx.example.com", None, datetime(2026, 3, 4, 20, 0), "EX01"),
    ]  # fmt: skip
    assert {row["message_id"] for row in parsed.rows} == {"<a2@contoso.com>"}


def test_headers_told_twice_give_one_chain() -> None:
    hops = [row for row in parse(REPORT).rows if row["kind"] == "received"]
    assert told(hops, "line_number", "hop_number", "from_ip", "by_ip", "protocol") == [
        (22, 1, "::1", "fe80::1", "mapi")
    ]


def test_the_own_server_refuses_where_no_other_is_named() -> None:
    (row,) = [row for row in parse(headers.FORMAT.samples[1]).rows if row["kind"] == "diagnostic"]
    assert (row["by_host"], row.get("from_host"), row["recipient_address"], row["status_code"]) == (
        "EX01.contoso.com", None, "bob@example.com", "5.7.1",
    )  # fmt: skip


def test_a_received_header_that_names_no_host_is_rejected() -> None:
    parsed = parse("Received: nonsense\n that goes on; Mon, 2 Mar 2026 09:00:04 +0100\n" + CHAIN)
    assert parsed.rejects == {
        1: "a Received header without 'from' and 'by'",
        2: "a Received header without 'from' and 'by'",
    }
    assert max(row.get("hop_number") or 0 for row in parsed.rows) == 3


def test_a_received_header_without_a_date_is_a_hop_without_a_time() -> None:
    rows = parse("Received: from a.example (192.0.2.1) by b.example; yesterday\n" + CHAIN).rows
    assert (rows[0]["hop_number"], rows[0]["by_host"], rows[0]["date_time"]) == (4, "b.example", None)


@pytest.mark.parametrize("encoding", ["7bit", "quoted-printable", "base64"])
def test_an_eml_with_parts_is_read_through_its_encoding(encoding: str, tmp_path: Path) -> None:
    head, _, report = REPORT.partition("Diagnostic information")
    body = f"Diagnostic information{report}".partition("Reporting-MTA")[0]
    coded = {
        "7bit": body,
        "quoted-printable": quopri.encodestring(body.encode()).decode(),
        "base64": base64.encodebytes(body.encode()).decode(),
    }[encoding]
    text = (
        CHAIN + 'MIME-Version: 1.0\nContent-Type: multipart/report;\n boundary="b1"\n\n--b1\n'
        f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{coded}\n--b1\n"
        f"Content-Type: text/html\n\n<p>{head}</p>\nReceived: from html.example by html.example\n\n--b1--\n"
    )
    parsed = parse(text)
    rows = [row for row in parsed.rows if row["line_number"] > len(CHAIN.splitlines())]
    assert told([row for row in rows if row["kind"] == "diagnostic"], "recipient_address", "status_code") == [
        ("bob@example.com", "4.4.7"), ("bob@example.com", "4.4.1"), ("carol@example.org", "5.1.1"), ("dave@example.net", "5.7.1"),
    ]  # fmt: skip
    assert told([row for row in rows if row["kind"] == "received"], "hop_number", "by_host") == [
        (1, "EX01.contoso.com")
    ]
    if encoding == "quoted-printable":
        lines = text.split("\n")
        assert all(lines[row["line_number"] - 1].strip() for row in rows)
        assert "Remote Server" in lines[rows[0]["line_number"] - 1]
    (tmp_path / "report.eml").write_text(text, encoding="utf-8")
    assert recognise(tmp_path / "report.eml").format is headers.FORMAT


@pytest.mark.parametrize(
    ("written", "near", "culture", "expected"),
    [
        ("1/22/2026 11:33:24 AM", None, "", datetime(2026, 1, 22, 11, 33, 24)),
        ("22/01/2026 23:33:24", None, "", datetime(2026, 1, 22, 23, 33, 24)),
        ("11/01/2026 04:20:14", datetime(2026, 1, 11), "", datetime(2026, 1, 11, 4, 20, 14)),
        ("11/01/2026 04:20:14", None, "en-US", datetime(2026, 11, 1, 4, 20, 14)),
        ("11/01/2026 04:20:14", None, "en-GB", datetime(2026, 1, 11, 4, 20, 14)),
        ("11.01.2026 04:20:14", None, "", datetime(2026, 1, 11, 4, 20, 14)),
        ("2026-01-11 04:20:14", None, "", datetime(2026, 1, 11, 4, 20, 14)),
        ("11/01/2026 12:20:14 AM", datetime(2026, 1, 11), "", datetime(2026, 1, 11, 0, 20, 14)),
    ],
)
def test_day_and_month_of_a_report(written: str, near: datetime | None, culture: str, expected: datetime) -> None:
    assert diagnostics.when(written, near, culture) == (expected, False)


def test_day_and_month_that_cannot_be_told_apart_stay_empty_and_are_said() -> None:
    parsed = parse(
        "bob@example.com\n11/01/2026 04:20:14 - Remote Server at db1 (192.0.2.9) returned '400 4.4.7 Message delayed'\n"
    )
    assert told(parsed.rows, "date_time", "by_host") == [(None, "db1")]
    assert "--culture" in parsed.assumed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from unknown (HELO a.example) (203.0.113.10) by b.example with AES128-SHA encrypted SMTP;2 Mar 2026 08:00:00 -0000",
         {"from_host": "unknown", "from_ip": "203.0.113.10", "by_host": "b.example", "date_time": datetime(2026, 3, 2, 8)}),
        ("from [192.0.2.12] (using TLSv1.2 with cipher DHE-RSA-AES256-GCM-SHA384 (256 bits)) by b.example id x; Mon, 2 Mar 2026 08:00:00 +0000",
         {"from_ip": "192.0.2.12", "tls_version": "TLSv1.2", "tls_cipher": "DHE-RSA-AES256-GCM-SHA384", "by_host": "b.example"}),
        ("from a.example (10.0.0.1) by b.example (10.0.0.2) with Microsoft SMTP Server (TLS) id 14.2.222.2; Mon, 2 Mar 2026 08:00:00 +0900",
         {"tls_version": "TLS", "version": "14.2.222.2", "protocol": "SMTP", "date_time": datetime(2026, 3, 1, 23)}),
        ("from a.example (a.example [10.0.0.1]) by b.example (Postfix) with ESMTPS id 1A for <bob@contoso.com>; Sun,1 Mar 2026 23:00:00 GMT",
         {"protocol": "ESMTPS", "recipient_address": "bob@contoso.com", "date_time": datetime(2026, 3, 1, 23), "version": None}),
    ],
)  # fmt: skip
def test_forms_of_received(text: str, expected: dict[str, Any]) -> None:
    found = received.read(text)
    assert isinstance(found, dict)
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        "Received: yes\nthanks\n",
        "From: a\nTo: b\n",
        "550 5.7.1 no\n",
        "| Received: from x | by y |\n",
        "Subject: x\n\nReceived: from the shop by bus\n",
    ],
)
def test_other_texts_are_not_taken(text: str) -> None:
    assert not headers.recognise(text, "x.txt")


HOSTILE = st.one_of(
    st.sampled_from(
        [*CHAIN.split("\n"), *REPORT.split("\n"), 'Content-Type: multipart/mixed; boundary="b"', "--b", "--b--", "Content-Transfer-Encoding: base64",
         "Content-Type: text/plain; charset=nonsense", "Received: (((((", "Received: from a by b; Mon, 99 Foo 2026 99:99:99 +9999", "=", "From: =?x?q?=?="]
    ),
    st.text(max_size=60).map(lambda text: text.replace("\n", " ")),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(HOSTILE, max_size=40))
def test_the_law_holds_whatever_the_lines(lines: list[str]) -> None:
    text = "\n".join(lines)
    headers.recognise(text, "x")
    parsed = parse(text)
    assert all(1 <= row["line_number"] <= len(parsed.lines) for row in parsed.rows)


def test_huge_and_nested_headers_do_not_stall() -> None:
    parsed = parse(
        "Received: from a "
        + "(" * 200_000
        + "\nReceived: from b by c"
        + " with x" * 1000
        + "\n"
        + " " * 100_000
        + "x\n"
    )
    assert "characters" in parsed.rejects[1]
    assert len(parsed.rows) == 1


def test_half_a_surrogate_pair_in_a_name_can_be_stored(tmp_path: Path) -> None:
    text = CHAIN.replace("<a1@example.com>", "=?utf-7?q?+2AA-?=")
    (tmp_path / "odd.eml").write_text(text, encoding="utf-8")
    entry = recognise(tmp_path / "odd.eml")
    written = write_all([entry], tmp_path / "S", 1, lambda _: None)[entry.file_id]
    assert sum(count for *_, count in written.segments) == 5
    assert {row["message_id"] for row in parse(text).rows} == {"\\ud800"}


@pytest.mark.parametrize(
    "label",
    ["Generating server:", "Generierender Server:", "Serveur de génération :", "生成サーバー:", "Servidor de geração:"],
)
def test_a_report_in_any_language_names_the_server_that_made_it(label: str) -> None:
    text = f"{label} EX01.contoso.com\n\nbob@fabrikam.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n"
    described = by_content(text, "x.txt")
    assert described and described.parse
    (row,) = described.parse(Source(text, "x.txt")).rows
    assert (row["server"], row["recipient_address"], row["status_code"]) == ("EX01", "bob@fabrikam.example", "5.1.1")
