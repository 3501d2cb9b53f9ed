"""Get-Queue text, and parts of logs as people paste them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.discover import recognise
from tracelens.formats import Parsed, Source, by_content, formats
from tracelens.pipeline import ingest
from tracelens.store import ask

ROW = "2026-03-02T08:00:{n:02d}.000Z,EX01\\Default Frontend EX01,08DC0000000000A1,{n},192.0.2.1:25,198.51.100.7:4100,{event},{data},{context}"
QUEUE = (
    "Identity        : EX01\\7\nDeliveryType    : DnsConnectorDelivery\nStatus          : Retry\nMessageCount    : 3\n"
    "NextHopDomain   : fabrikam.example\nLastError       : {error}\nRetryCount      : 2\n"
)
PASTED = ("pasted_smtp_receive", "pasted_smtp_send", "pasted_tracking")


def read(text: str, name: str = "paste.txt") -> Parsed:
    """Reads a text by the reader that knows it and checks the law."""
    described = by_content(text, name)
    assert described and described.parse
    parsed = described.parse(Source(text, name))
    assert len(parsed.lines) == text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    assert {at for at, kind in enumerate(parsed.lines, 1) if kind == "r"} == set(parsed.rejects)
    return parsed


def row(n: int, event: str, data: str = "", context: str = "") -> str:
    return ROW.format(n=n, event=event, data=data, context=context)


def shown(parsed: Parsed, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(one.get(name) for name in names) for one in parsed.rows]


def test_a_queue_reads_to_its_columns_and_its_wrapped_error() -> None:
    parsed = read(formats()["get_queue"].samples[0].replace("\r\n", "\n"))
    assert parsed.rows == [
        {
            "server": "EX01", "identity": "EX01\\4711", "delivery_type": "SmartHostConnectorDelivery",
            "next_hop_domain": "[192.0.2.25]", "next_hop_connector": "0a1b0000-0000-0000-0000-000000000001",
            "status": "Retry", "message_count": 3, "retry_count": 2, "date_time": None, "extra": None, "line_number": 1,
            "last_error": "[{LRT=3/14/2026 8:00:00 AM};{LED=441 4.4.1 Error encountered while communicating with primary"
            " target IP address};{FQDN=relay.example.com};{IP=192.0.2.25}]",
        }
    ]  # fmt: skip
    assert "".join(parsed.lines) == "ecccccccc"


def test_a_queue_as_json_has_words_for_its_numbers_and_its_time_in_utc() -> None:
    time = {"value": "/Date(1772438405532)/", "DisplayHint": 2, "DateTime": "Monday, 2 March 2026 09:00:05"}
    held = {"Identity": "EX01\\7", "DeliveryType": 1, "Status": {"value": 3, "Value": "Retry"}, "MessageCount": 3,
            "NextHopDomain": "fabrikam.example", "LastError": None, "LastRetryTime": time}  # fmt: skip
    parsed = read(
        json.dumps({"value": [held, {**held, "LastRetryTime": "2026-03-02T09:00:05"}, {"a": 1}], "Count": 3}, indent=1)
    )
    first, second = datetime(2026, 3, 2, 8, 0, 5, 532000), None
    assert shown(parsed, "server", "delivery_type", "status", "message_count", "date_time") == [
        ("EX01", "DnsConnectorDelivery", "Retry", 3, first), ("EX01", "DnsConnectorDelivery", "Retry", 3, second),
    ]  # fmt: skip
    assert parsed.assumed == "times without a zone are kept in extra only"
    assert set(parsed.rejects.values()) == {"is no queue"}


@pytest.mark.parametrize(
    "row",
    [
        "EX01\\Submission Undefined    Ready          1204 mailbox database 01",
        "EX01\\Submission Undefined    Ready  1.204        mailbox database 01",
        "EX01\\送信       Undefined    Ready          1204 mailbox database 01",
    ],
    ids=["numbers at the right", "numbers at the left", "signs two cells wide"],
)
def test_a_table_is_read_by_its_cells(row: str) -> None:
    head = "Identity        DeliveryType Status MessageCount NextHopDomain\n--------        ------------ ------ ------------ -------------\n"
    parsed = read(f"{head}{row}\n")
    assert shown(parsed, "identity", "status", "message_count", "next_hop_domain") == [
        (row.split(maxsplit=1)[0], "Ready", 1204, "mailbox database 01")
    ]


def test_queues_follow_each_other_with_or_without_blank_lines() -> None:
    one = QUEUE.format(error="{LED=421 4.3.2 Service not active}")
    prompt = "[PS] C:\\>Get-Queue | fl\n"
    spaced = one.replace("\n", "\n\n")
    assert "".join(read(prompt + one + one).lines) == "h" + "ecccccc" * 2
    assert [n for _, n in shown(read(f"{one}\n\n{one}"), "status", "line_number")] == [1, 10]
    assert [n for _, n in shown(read(spaced + spaced), "status", "line_number")] == [1, 15]


def test_a_wrapped_error_may_hold_words_before_a_colon() -> None:
    parsed = read(QUEUE.format(error="[{LED=451 4.4.0 Target said\nReason : it is full};{FQDN=mx.example.com}]"))
    assert shown(parsed, "last_error", "retry_count", "extra") == [
        ("[{LED=451 4.4.0 Target said Reason : it is full};{FQDN=mx.example.com}]", 2, None)
    ]


def test_times_without_a_zone_are_not_taken_for_utc() -> None:
    local = read(QUEUE.format(error="x") + "LastRetryTime : 15-01-21 23:50:05\n")
    zoned = read(QUEUE.format(error="x") + "LastRetryTime : 2026-03-14T09:00:00+01:00\n")
    assert local.rows[0]["date_time"] is None
    assert json.loads(local.rows[0]["extra"]) == {"LastRetryTime": "15-01-21 23:50:05"}
    assert "without a zone" in local.assumed
    assert zoned.rows[0]["date_time"] == datetime(2026, 3, 14, 8)


def test_fragments_give_a_row_each_and_reach_classification(tmp_path: Path) -> None:
    place = tmp_path / "lasterror.txt"
    place.write_text(
        "{LED=451 4.4.395 Target host responded with error. -> 421 4.3.2 Service not available}\n"
        "[{LRT=x};{LED=441 4.4.1 Error encountered while communicating with primary target IP address: "
        '"421 4.4.2 Connection dropped due to ConnectionReset"};{FQDN=mx.example.com};{IP=192.0.2.9}]\n',
        encoding="utf-8",
    )
    ingest([place], tmp_path / "S")
    rows = ask(
        tmp_path / "S",
        "select r.log, r.direction, r.remote_ip, r.peer_name, c.signature_id, r.line_number from reply r"
        " join reply_class c on c.text = r.text order by r.line_number",
    ).rows()
    assert rows == [
        ("queue", "send", None, None, "proxy-service-not-available", 1),
        ("queue", "send", "192.0.2.9", "mx.example.com", "proxy-backend-reset", 2),
    ]
    assert "LastError" in ask(tmp_path / "S", "select reason from log_file").rows()[0][0]


@pytest.mark.parametrize("name", [*PASTED, "get_queue", "get_queue_table"])
def test_samples_are_recognised_and_read(tmp_path: Path, name: str) -> None:
    described = formats()[name]
    for number, sample in enumerate(described.samples):
        place = tmp_path / f"paste{number}.txt"
        place.write_text(sample, encoding="utf-8", newline="")
        assert recognise(place).format is described
        assert read(sample.replace("\r\n", "\n")).rejects == {}


def test_lost_marks_come_back_by_what_the_row_says() -> None:
    text = "\n".join(
        [
            "Software: Microsoft Exchange Server", "Log-type: SMTP Receive Protocol Log",
            row(0, "", "", "Set Session Permissions"), row(1, "", "220 hello"), row(2, "", "EHLO a.example.com"),
        ]
    )  # fmt: skip
    parsed = read(text)
    assert shown(parsed, "event", "data", "context", "server", "service") == [
        ("*", None, "Set Session Permissions", "EX01", "frontend"),
        (">", "220 hello", None, "EX01", "frontend"),
        ("<", "EHLO a.example.com", None, "EX01", "frontend"),
    ]
    assert parsed.lines == list("hheee")
    assert "lost event marks" in parsed.assumed


def test_quote_marks_line_numbers_and_entities_are_taken_off() -> None:
    text = "\n".join([f"> {row(0, '+')}", f"  12: {row(1, '&gt;', '220 hello')}", f"13. {row(2, '&lt;', 'QUIT')}"])
    parsed = read(text)
    assert shown(parsed, "event", "sequence_number", "local_ip", "local_port") == [
        ("+", 0, "192.0.2.1", 25), (">", 1, "192.0.2.1", 25), ("<", 2, "192.0.2.1", 25),
    ]  # fmt: skip
    assert "HTML entities" in parsed.assumed


def test_wrapped_lines_are_joined_and_remarks_rejected() -> None:
    line = row(1, "*", "", "This is a long text that a mail program has broken in the middle of the line")
    cut = line.index("has broken")
    text = f"Hi, look at this:\n> {line[:cut]}\n> {line[cut:]}\n\n> {row(2, '-', '', 'Local')}\nAny ideas?\n"
    parsed = read(text)
    assert shown(parsed, "context", "line_number") == [
        ("This is a long text that a mail program has broken in the middle of the line", 2), ("Local", 5),
    ]  # fmt: skip
    assert "".join(parsed.lines) == "recber"
    assert parsed.rejects == {1: "does not begin with a date-time", 6: "does not begin with a date-time"}


def test_a_tracking_row_from_a_mail_reads_to_typed_columns() -> None:
    parsed = read(formats()["pasted_tracking"].samples[0])
    assert shown(
        parsed, "server", "event_id", "connector_id", "recipient_address", "internal_message_id", "line_number"
    ) == [("EX01", "RECEIVE", "EX01\\Default EX01", ["bob@contoso.com"], 4711, 1)]


def test_a_whole_log_is_left_to_the_strict_reader(tmp_path: Path) -> None:
    place = tmp_path / "RECV.LOG"
    place.write_text(f"a remark\n{row(0, '+')}\n", encoding="utf-8")
    found = recognise(place).format
    assert found and found.name == "smtp_receive"


def test_rows_whose_dates_were_blanked_out_are_all_rejected() -> None:
    text = "".join(
        f"Date,To Internet,Session,{n},192.0.2.1:25000,198.51.100.7:25,*,,Sending certificate\n" for n in range(3)
    )
    parsed = read(text, "SEND.LOG")
    assert parsed.rows == []
    assert set(parsed.rejects.values()) == {"does not begin with a date-time"}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([*PASTED, "get_queue", "get_queue_table"]),
    st.lists(
        st.sampled_from(
            [
                '"',
                ",",
                "\n",
                "\0",
                "{",
                "}",
                "> ",
                "* ",
                ":",
                "LED=",
                "x",
                "\r",
                " ",
                "12: ",
                row(3, "+"),
                "LastError : ",
            ]
        ),
        max_size=40,
    ),
)
def test_any_text_behind_a_sample_keeps_the_law_and_the_sample(name: str, noise: list[str]) -> None:
    described = formats()[name]
    assert described.parse
    sample = described.samples[0].replace("\r\n", "\n")
    text = sample + "\n\n" + "".join(noise)
    parsed = described.parse(Source(text, "paste.txt"))
    assert len(parsed.lines) == text.count("\n") + (0 if text.endswith("\n") else 1)
    assert {at for at, kind in enumerate(parsed.lines, 1) if kind == "r"} == set(parsed.rejects)
    assert parsed.rows[0]["line_number"] == described.parse(Source(sample, "paste.txt")).rows[0]["line_number"]


def test_a_table_of_queues_keeps_numbers_signs_and_names_with_blanks() -> None:
    parsed = read(formats()["get_queue_table"].samples[0])
    assert shown(parsed, "identity", "status", "message_count", "next_hop_domain") == [
        ("EX01\\4711", "Ready", 0, "mailbox database 01"),
        ("EX01\\4712", "Retry", 12, "fabrikam.example"),
        ("EX01\\Submission", "Ready", 0, "Submission"),
    ]
    assert json.loads(parsed.rows[1]["extra"])["Velocity"] == "-2"


def test_a_table_of_queues_says_what_it_cut_and_joins_what_it_wrapped() -> None:
    text = (
        "[PS] C:\\>Get-Queue | ft Identity,Status,MessageCount,LastError -Wrap\n\n"
        "Identity  Status MessageCount LastError\n"
        "--------  ------ ------------ ---------\n"
        "EX01\\4711 Retry             3 451 4.4.0 Primary target IP address\n"
        "                              responded with: 421 4.2.1\n"
        "EX01\\4712 Retry             1 451 4.4.0 Prim...\n"
    )
    parsed = read(text)
    assert shown(parsed, "message_count", "last_error") == [
        (3, "451 4.4.0 Primary target IP address responded with: 421 4.2.1"),
        (1, "451 4.4.0 Prim..."),
    ]
    assert "cut" in parsed.assumed
