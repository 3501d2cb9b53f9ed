"""Traps in the middle of an otherwise clean file: only the bad line is lost, no neighbour is lost or changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.conftest import ROWS, Kind, Read, header
from tracelens.schema import SMTP_FIELDS

Reading = Callable[..., Read]
MIDDLE = 1000
CRLF = b"\r\n"


def text(lines: list[bytes], end: bytes = CRLF) -> bytes:
    return end.join(lines) + end


def planted(kind: Kind, *bad: bytes) -> bytes:
    lines = kind.lines()
    lines[MIDDLE:MIDDLE] = bad
    return text(lines)


def bare(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in event.items() if key != "line_number"} for event in events]


def law(file: dict[str, Any]) -> None:
    parts = ("header_count", "event_count", "reject_count", "blank_count", "pending_count", "continuation_count")
    assert file["line_count"] == sum(file[part] for part in parts)


CLEAN: dict[str, Read] = {}


@pytest.fixture
def clean(kind: Kind, read: Reading) -> Read:
    """The same file without a trap."""
    if kind.path not in CLEAN:
        done = read(text(kind.lines()), kind.path)
        assert len(done.events) == ROWS
        assert done.rejects == []
        assert [event["line_number"] for event in done.events] == list(range(6, ROWS + 6))
        law(done.file)
        CLEAN[kind.path] = done
    return CLEAN[kind.path]


BAD = {
    "an unbalanced quote": lambda row: row[:-1] + b'"open',
    "NUL bytes": lambda row: row[:30] + b"\0\0\0" + row[30:],
    "too few fields": lambda row: row.rsplit(b",", 2)[0],
    "too many fields": lambda row: row + b",x",
    "no date": lambda row: b"yesterday" + row[24:],
    "an impossible date": lambda row: b"2026-13-45T08:00:00.000Z" + row[24:],
    "a row cut in its middle": lambda row: row[:50],
    "a stray word": lambda row: b"Get-MessageTrackingLog",
    "a quote before text": lambda row: b'"abc" def,' + row,
}


@pytest.mark.parametrize("name", BAD)
def test_only_the_bad_line_becomes_a_reject(kind: Kind, read: Reading, clean: Read, name: str) -> None:
    bad = BAD[name](kind.lines()[MIDDLE])
    done = read(planted(kind, bad), kind.path)
    assert [row["line_number"] for row in done.rejects] == [MIDDLE + 1]
    assert done.rejects[0]["reason"]
    assert done.rejects[0]["text"].replace("\\x00", "\0") == bad.decode()[:4000]
    assert bare(done.events) == bare(clean.events)
    assert [e["line_number"] for e in done.events] == [n + (n > MIDDLE) for n in range(6, ROWS + 6)]
    law(done.file)


def test_a_quote_inside_a_plain_field_belongs_to_the_text(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(planted(kind, kind.lines()[MIDDLE].replace(b"EX01\\Default", b'EX"01\\Default', 1)), kind.path)
    assert done.rejects == []
    assert done.events[MIDDLE - 5]["connector_id"].startswith('EX"01\\Default')
    assert bare(done.events[: MIDDLE - 5] + done.events[MIDDLE - 4 :]) == bare(clean.events)


@pytest.mark.parametrize("name", ["an unbalanced quote", "NUL bytes", "a stray word"])
def test_several_bad_lines_in_a_row_cost_only_themselves(kind: Kind, read: Reading, clean: Read, name: str) -> None:
    bad = [BAD[name](row) for row in kind.lines()[MIDDLE : MIDDLE + 3]]
    done = read(planted(kind, *bad), kind.path)
    assert [row["line_number"] for row in done.rejects] == [MIDDLE + 1, MIDDLE + 2, MIDDLE + 3]
    assert bare(done.events) == bare(clean.events)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_change_nothing(
    kind: Kind, read: Reading, clean: Read, end: bytes, bom: bytes
) -> None:
    done = read(bom + text(kind.lines(), end), kind.path)
    assert done.events == clean.events
    assert done.rejects == []


def test_mixed_line_ends_change_nothing(kind: Kind, read: Reading, clean: Read) -> None:
    mixed = b"".join(line + (b"\n" if n % 3 else b"\r\n") for n, line in enumerate(kind.lines()))
    assert read(mixed, kind.path).events == clean.events


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_read_like_utf_8_with_or_without_a_mark(
    kind: Kind, read: Reading, clean: Read, encoding: str
) -> None:
    done = read(text(kind.lines()).decode().encode(encoding), kind.path)
    assert done.events == clean.events


def test_a_file_whose_lines_end_in_carriage_returns_alone_is_read(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(text(kind.lines(), b"\r"), kind.path)
    assert done.events == clean.events
    law(done.file)


def test_logs_put_one_behind_the_other_give_the_rows_of_each(kind: Kind, read: Reading, clean: Read) -> None:
    send = "\n".join(header("SMTP Send Protocol Log", SMTP_FIELDS))
    row = "2026-03-02T09:00:00.000Z,To Internet,08DC,0,192.0.2.1:4100,198.51.100.7:25,+,,"
    foreign = "#Log-type: IMAP4 Log\n#Fields: dateTime,x\n2026-03-02T09:00:00.000Z,1\n"
    seam = b"\xef\xbb\xbf"
    done = read(text(kind.lines()) + seam + f"{send}\n{row}\n{foreign}".encode(), kind.path)
    own = [{name: event[name] for name in clean.events[0]} for event in done.events[:ROWS]]
    assert own == clean.events
    assert done.file["event_count"] == ROWS + 1
    assert [row["reason"] for row in done.rejects] == ["stands below #Log-type 'IMAP4 Log'"]
    if kind.table == "smtp_event":
        assert [(event["direction"], event["remote_port"]) for event in done.events[ROWS:]] == [("send", 25)]
    assert "smtp_send" in done.file["reason"]


def test_blank_lines_are_counted(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(planted(kind, b"", b"  "), kind.path)
    assert done.file["blank_count"] == 2
    assert bare(done.events) == bare(clean.events)
    law(done.file)


def test_a_header_in_mid_file_is_counted_and_its_columns_hold_from_there(
    kind: Kind, read: Reading, clean: Read
) -> None:
    lines = kind.lines()
    names = kind.header[-1].split(": ")[1].split(",")
    turned = [*kind.header[:-1], "#Fields: " + ",".join([*names[:-1], "new-column", names[-1]])]
    rows = [line[: line.rfind(b",")] + b",fresh" + line[line.rfind(b",") :] for line in lines[MIDDLE:]]
    done = read(text([*lines[:MIDDLE], *(line.encode() for line in turned), *rows]), kind.path)
    assert done.file["header_count"] == 10
    assert done.rejects == []
    assert len(done.events) == ROWS
    assert done.events[0]["extra"] is None
    assert done.events[-1]["extra"] == '{"new_column":"fresh"}'
    drop = lambda events: [{k: v for k, v in e.items() if k not in ("extra", "line_number")} for e in events]  # noqa: E731
    assert drop(done.events) == drop(clean.events)


def test_columns_in_another_order_are_read_by_their_names(kind: Kind, read: Reading, clean: Read) -> None:
    head, rows = kind.lines()[:5], kind.lines()[5:]
    names = kind.header[-1].split(": ")[1].split(",")
    head[-1] = b"#Fields: " + ",".join([*names[1:], names[0]]).encode()
    turned = [line[line.find(b",") + 1 :] + b"," + line[: line.find(b",")] for line in rows]
    again = [kind.header[-1].encode(), rows[-1]]
    done = read(text([*head, *turned[:MIDDLE], b"a,b", *turned[MIDDLE:-1], *again]), kind.path)
    assert bare(done.events) == bare(clean.events)
    assert [reject["reason"] for reject in done.rejects] == [f"has 2 fields where the header has {len(names)}"]
    law(done.file)


def test_a_file_without_header_is_known_by_its_columns(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(text(kind.lines()[5:]), kind.path)
    assert bare(done.events) == bare(clean.events)
    assert done.file["header_count"] == 0
    assert "by its columns" in done.file["reason"]


def test_a_torn_last_line_waits_and_is_no_reject(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(text(kind.lines()) + kind.lines()[-1][:40], kind.path)
    assert (done.file["pending_count"], done.file["reject_count"]) == (1, 0)
    assert done.events == clean.events
    law(done.file)


def test_a_whole_last_line_without_line_end_is_an_event(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(text(kind.lines()).removesuffix(CRLF), kind.path)
    assert done.events == clean.events
    assert done.file["pending_count"] == 0


def test_a_tail_of_nul_bytes_is_one_reject(kind: Kind, read: Reading, clean: Read) -> None:
    done = read(text(kind.lines()) + b"\0" * 4096, kind.path)
    assert [row["reason"] for row in done.rejects] == ["holds NUL bytes"]
    assert done.events == clean.events
    law(done.file)


def test_a_line_break_inside_quotes_belongs_to_its_row(kind: Kind, read: Reading, clean: Read) -> None:
    lines = kind.lines()
    lines[MIDDLE] = lines[MIDDLE].replace(b'""', b'""\r\nnext, line ""', 1)
    done = read(text(lines), kind.path)
    assert done.rejects == []
    assert done.file["continuation_count"] == 1
    changed = [
        n for n, pair in enumerate(zip(bare(done.events), bare(clean.events), strict=True)) if pair[0] != pair[1]
    ]
    assert changed == [MIDDLE - 5]
    column = "data" if kind.table == "smtp_event" else "message_subject"
    assert "\nnext, line" in done.events[MIDDLE - 5][column]
    law(done.file)


def test_bytes_that_are_not_utf_8_are_kept_visibly(kind: Kind, read: Reading, clean: Read) -> None:
    lines = kind.lines()
    lines[MIDDLE] = lines[MIDDLE].replace(b'""', b'\xe4\xff""', 1)
    done = read(text(lines), kind.path)
    assert done.rejects == []
    column = "data" if kind.table == "smtp_event" else "message_subject"
    assert "\\xe4\\xff" in done.events[MIDDLE - 5][column]
    assert len(done.events) == ROWS


def test_a_lone_carriage_return_stays_in_its_field(kind: Kind, read: Reading, clean: Read) -> None:
    lines = kind.lines()
    lines[MIDDLE] = lines[MIDDLE].replace(b'""', b'""a\rb', 1)
    done = read(text(lines), kind.path)
    assert len(done.events) + len(done.rejects) == ROWS
    assert done.rejects == []
    law(done.file)


def test_a_very_long_line_is_read(kind: Kind, read: Reading, clean: Read) -> None:
    lines = kind.lines()
    lines[MIDDLE] = lines[MIDDLE].replace(b'""', b'""' + b"x" * 3_000_000, 1)
    done = read(text(lines), kind.path)
    assert done.rejects == []
    assert len(done.events) == ROWS


def test_names_in_other_scripts_survive(read: Reading, kind: Kind) -> None:
    lines = kind.lines()
    lines[MIDDLE] = lines[MIDDLE].replace(b'""', '"" 会議 تقرير 📦'.encode(), 1)
    column = "data" if kind.table == "smtp_event" else "message_subject"
    assert "会議 تقرير 📦" in read(text(lines), kind.path).events[MIDDLE - 5][column]


def test_a_column_called_like_one_of_ours_is_kept_aside(kind: Kind, read: Reading, clean: Read) -> None:
    head = [*kind.header[:-1], kind.header[-1] + ",line-number,file-id"]
    done = read(text([*(line.encode() for line in head), *(line + b",7,8" for line in kind.lines()[5:])]), kind.path)
    assert [event["line_number"] for event in done.events] == list(range(6, ROWS + 6))
    assert done.events[0]["extra"] == '{"line_number_logged":"7","file_id_logged":"8"}'
