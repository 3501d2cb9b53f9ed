"""Exchange Online traces: each export gives one row per recipient, and no line is lost."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.care import verify
from tracelens.charset import decode
from tracelens.discover import recognise
from tracelens.formats import Parsed, Source, exo_trace_csv, exo_validation, formats
from tracelens.pipeline import ingest
from tracelens.store import ask

pytestmark = pytest.mark.usefixtures("few_rules")

ENHANCED = (
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,"
    "original_client_ip,directionality,connector_id,delivery_priority"
)
SUMMARY = '"MessageId","Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageTraceId"'
EXTENDED = formats()["exo_trace_csv"].samples[2]
OURS = ("exo_trace_csv", "exo_trace_json", "exo_trace_text", "exo_validation")


def read(name: str, text: str, culture: str = "") -> Parsed:
    """Reads a text and checks the law: one letter for each physical line, a reason for each reject."""
    described = formats()[name]
    assert described.parse
    parsed = described.parse(Source(text, "trace.csv", culture=culture))
    assert len(parsed.lines) == text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    assert {at for at, kind in enumerate(parsed.lines, 1) if kind == "r"} == set(parsed.rejects)
    assert set("".join(parsed.lines)) <= set("hecbr")
    return parsed


def shown(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in rows]


def test_a_summary_with_a_type_line_reads_to_typed_columns() -> None:
    parsed = read("exo_trace_csv", formats()["exo_trace_csv"].samples[0].replace("\r\n", "\n"))
    assert parsed.lines == ["h", "h", "e"]
    assert parsed.rows == [
        {
            "kind": "summary", "message_id": "<a1@example.com>", "date_time": datetime(2026, 3, 14, 8),
            "sender_address": "ann@example.com", "recipient_address": "bob@contoso.com", "subject": "Hello, Bob",
            "status": "Delivered", "from_ip": "192.0.2.5", "message_bytes": 2048,
            "network_message_id": "0a1b0000-0000-0000-0000-000000000001", "extra": None, "line_number": 3,
        }
    ]  # fmt: skip
    assert "month-day-year" in parsed.assumed and "UTC" in parsed.assumed


def test_an_enhanced_summary_gives_each_recipient_its_last_status() -> None:
    row = (
        '2026-03-14T08:00:00.1234567Z,ann@example.com,"bob@contoso.com##Receive, Send;carl@contoso.com##Receive, Fail;'
        'x;y@contoso.com##Receive, Deliver",Hi,2048,<a1@example.com>,0A1B,192.0.2.5,Incoming,To contoso,Normal'
    )
    parsed = read("exo_trace_csv", f"{ENHANCED}\n{row}\n")
    assert shown(parsed.rows, "recipient_address", "status", "detail", "line_number") == [
        ("bob@contoso.com", "Send", "Receive, Send", 2),
        ("carl@contoso.com", "Fail", "Receive, Fail", 2),
        ("x;y@contoso.com", "Deliver", "Receive, Deliver", 2),
    ]
    assert {row["date_time"] for row in parsed.rows} == {datetime(2026, 3, 14, 8, 0, 0, 123456)}
    assert parsed.lines == ["h", "e"]
    assert json.loads(parsed.rows[0]["extra"]) == {"delivery_priority": "Normal"}


def test_an_extended_trace_is_no_tracking_log(tmp_path: Path) -> None:
    place = tmp_path / "MTDetail.csv"
    place.write_text(EXTENDED, encoding="utf-16", newline="")
    found = recognise(place)
    assert found.format and found.format.name == "exo_trace_csv"
    parsed = read("exo_trace_csv", EXTENDED.replace("\r\n", "\n"))
    assert shown(parsed.rows, "kind", "event", "recipient_address", "from_ip", "to_ip") == [
        ("extended", "RECEIVE", "bob@contoso.com", "192.0.2.5", "198.51.100.7"),
        ("extended", "RECEIVE", "carl@contoso.com", "192.0.2.5", "198.51.100.7"),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-8", "utf-8-sig"])
def test_any_encoding_gives_the_same_rows(tmp_path: Path, encoding: str) -> None:
    row = "2026-03-14T08:00:00.1234567Z,ann@example.com,bób@contoso.com##Receive,Hé,1,<a1@example.com>,0a1b,,Incoming,,"
    place = tmp_path / "trace.csv"
    begin = b"\xfe\xff" if encoding == "utf-16-be" else b""
    place.write_bytes(begin + f"{ENHANCED}\r\n{row}\r\n".encode(encoding))
    described = recognise(place).format
    assert described and described.name == "exo_trace_csv"
    rows = read(described.name, decode(place.read_bytes())[0]).rows
    assert shown(rows, "kind", "recipient_address", "subject", "status") == [
        ("enhanced", "bób@contoso.com", "Hé", "Receive")
    ]


def test_a_file_in_a_code_page_is_read_and_that_is_said(tmp_path: Path) -> None:
    row = "2026-03-14T08:00:00Z,ann@example.com,bob@contoso.com##Receive;eve@contoso.com##Receive,Grüße,1,<a1@example.com>,0a1b,,Incoming,,"
    place = tmp_path / "trace.csv"
    place.write_bytes(f"{ENHANCED}\r\n{row}\r\n".encode("cp1252"))
    ingest([place], tmp_path / "S")
    assert ask(tmp_path / "S", "select subject from exo_trace_event").rows() == [("Grüße",)] * 2
    reason = ask(tmp_path / "S", "select reason from log_file").item()
    assert "code page 1252" in reason and "2 rows begin on 1 line" in reason
    assert verify(tmp_path / "S") == []


def test_damaged_lines_cost_only_themselves() -> None:
    good = '"<a1@example.com>","2026-03-14 08:00:00","a@example.com","b@contoso.com","Hi","Delivered","","","1","0A"'
    open_quote = good.replace('"Hi"', '"Hi')
    two_lines = good.replace('"Hi"', '"Hi,\n""there"""')
    lines = [
        SUMMARY,
        good,
        open_quote,
        good,
        "",
        two_lines,
        "\0" * 20,
        '"torn","2026',
        SUMMARY,
        good.replace("2026-03", "x"),
    ]
    parsed = read("exo_trace_csv", "\n".join(lines))
    assert "".join(parsed.lines) == "herebecrrhr"
    assert shown(parsed.rows, "subject", "line_number") == [("Hi", 2), ("Hi", 4), ('Hi,\n"there"', 6)]
    assert parsed.rejects == {
        3: "has an unbalanced or misplaced quote",
        8: "holds NUL bytes",
        9: "has an unbalanced or misplaced quote",
        11: "has no readable date-time",
    }


def test_a_second_export_behind_the_first_brings_its_own_columns() -> None:
    text = (
        f"{SUMMARY}\n<a1@example.com>,2026-03-14T08:00:00Z,a@example.com,b@contoso.com,Hi,Failed,,,1,0A\n{ENHANCED}\n"
    )
    text += "2026-03-14T09:00:00Z,ann@example.com,bob@contoso.com##Receive,Hi,1,<a2@example.com>,0a1b,,Incoming,,\n"
    parsed = read("exo_trace_csv", text)
    assert shown(parsed.rows, "kind", "message_id") == [
        ("summary", "<a1@example.com>"),
        ("enhanced", "<a2@example.com>"),
    ]
    assert parsed.lines == ["h", "e", "h", "e"]


def test_a_sheet_saved_in_germany_is_read() -> None:
    text = "sep=;\nMessageId;Received;SenderAddress;RecipientAddress;Status;MessageTraceId\n"
    text += "<a1@example.com>;14.03.2026 08:00:00;a@example.com;b@contoso.com;Delivered;0A\n"
    parsed = read("exo_trace_csv", text)
    assert shown(parsed.rows, "date_time", "status") == [(datetime(2026, 3, 14, 8), "Delivered")]


def test_detail_rows_keep_event_and_data() -> None:
    text = "MessageId,MessageTraceId,Date,Event,Action,Detail,Data\n<a1@example.com>,0A,2026-03-14T08:00:00Z,Fail,,Reason: no such user,<root/>\n"
    parsed = read("exo_trace_csv", text)
    assert shown(parsed.rows, "kind", "event", "detail", "extra") == [
        ("detail", "Fail", "Reason: no such user", '{"Data": "<root/>"}')
    ]


def test_an_on_premises_export_is_left_to_its_own_reader() -> None:
    assert not exo_trace_csv.recognise('"Timestamp","EventId","Source","MessageId","Recipients"\n', "x.csv")
    assert not exo_validation.recognise("Timestamp : 14/03/2026 08:00:00\nEventId : RECEIVE\n", "x.txt")


def test_json_lines_and_arrays_give_the_same_rows() -> None:
    rows = [
        {"MessageId": f"<a{n}@example.com>", "Received": f"/Date({1773475200123 + n})/", "RecipientAddress": "b@contoso.com",
         "Status": "Failed", "Size": 10**30, "MessageTraceId": "0A", "Subject": "\ud800"} for n in range(3)
    ]  # fmt: skip
    lines = read("exo_trace_json", "".join(json.dumps(row) + "\n" for row in rows))
    array = read("exo_trace_json", json.dumps(rows, indent=2))
    wrapped = read("exo_trace_json", json.dumps({"@odata.context": "x", "value": rows}, indent=1))
    odata = read("exo_trace_json", json.dumps({"d": {"results": rows, "__next": "https://reports.example.com/next"}}))
    names = ("kind", "message_id", "date_time", "status", "message_bytes", "subject")
    assert (
        shown(lines.rows, *names)
        == shown(array.rows, *names)
        == shown(wrapped.rows, *names)
        == shown(odata.rows, *names)
    )
    assert lines.rows[0]["date_time"] == datetime(2026, 3, 14, 8, 0, 0, 123000)
    assert lines.rows[0]["message_bytes"] is None
    assert lines.rows[0]["subject"] == "\\ud800"
    assert [row["line_number"] for row in lines.rows] == [1, 2, 3]
    assert [row["line_number"] for row in array.rows] == [2, 11, 20]
    assert not (lines.rejects or array.rejects or wrapped.rejects or odata.rejects)


def test_broken_json_costs_only_its_lines() -> None:
    good = '{"MessageId": "<a@example.com>", "Received": "2026-03-14T08:00:00Z", "RecipientAddress": "b@contoso.com", "MessageTraceId": "0A"}'
    parsed = read(
        "exo_trace_json", "\n".join([good, good[:40], "", good, '{"MessageId": "x"}', "\0\0", "[" * 5000, good[:-1]])
    )
    assert "".join(parsed.lines) == "erberrhr"
    assert [row["line_number"] for row in parsed.rows] == [1, 4]


def test_validation_text_reads_to_the_utc_of_its_source_context() -> None:
    sample = formats()["exo_validation"].samples[0]
    torn = "Timestamp:14.03.2026 08:00:01\nEventId:BADMAIL\nSource:DSN\n"
    parsed = read("exo_validation", sample.replace("08:00:00\n", "10:00:00\n") + torn)
    assert shown(parsed.rows, "date_time", "event", "recipient_address", "line_number") == [
        (datetime(2026, 3, 14, 8), "RECEIVE", "bob@contoso.com", 1),
        (datetime(2026, 3, 14, 8), "RECEIVE", "carl@contoso.com", 1),
    ]
    assert set(parsed.rejects) == {12, 13, 14}
    assert set(parsed.rejects.values()) == {"belongs to a record that ends before its recipients"}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(OURS),
    st.lists(
        st.sampled_from(['"', ",", "\n", "\0", "{", "}", "[", "]", ":", ";", "##", "x", "\r", "1", "\\", "Timestamp:"]),
        max_size=60,
    ),
)
def test_any_text_behind_a_sample_keeps_the_law_and_the_sample(name: str, noise: list[str]) -> None:
    sample = formats()[name].samples[0].replace("\r\n", "\n")
    kept = read(name, sample).rows
    parsed = read(name, sample + "\n" + "".join(noise))
    assert shown(parsed.rows, "recipient_address")[: len(kept)] == shown(kept, "recipient_address")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.sampled_from(OURS))
def test_any_text_keeps_the_law(text: str, name: str) -> None:
    text = text.replace("\r\n", "\n")
    if text and formats()[name].recognise(text, "x"):  # type: ignore[misc]
        read(name, text)


@pytest.mark.parametrize("zone", ["", "+01:00"])
def test_a_page_s_export_says_the_zone_in_the_name_of_its_column(zone: str) -> None:
    text = f'"Date (UTC{zone})","Sender","Recipient","Subject","Status"\n"3/14/2026, 9:00:00 AM","a@example.com","b@contoso.com","Hi","Delivered"\n'
    (row,) = read("exo_trace_csv", text).rows
    assert row["date_time"] == datetime(2026, 3, 14, 8 if zone else 9)
    assert (row["sender_address"], row["recipient_address"], row["status"]) == (
        "a@example.com",
        "b@contoso.com",
        "Delivered",
    )


def test_details_of_the_graph_are_read() -> None:
    held = {
        "messageId": "<a1@example.com>",
        "date": "2026-03-14T08:00:00Z",
        "event": "Fail",
        "description": "550 5.1.10",
        "id": "0A",
    }
    (row,) = read("exo_trace_json", json.dumps({"value": [held]}, indent=1)).rows
    assert (row["kind"], row["event"], row["detail"], row["date_time"]) == (
        "detail",
        "Fail",
        "550 5.1.10",
        datetime(2026, 3, 14, 8),
    )
