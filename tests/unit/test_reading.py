"""Faults planted in the middle of clean files: the bad line shows up, and no neighbour is lost or changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tracelens import guard, read
from tracelens.discover import recognise
from tracelens.read import Counts, Reader, Reject
from tracelens.schema import SMTP_FIELDS, TRACKING_2010, TRACKING_2016
from tracelens.segments import write_all

ROWS, MIDDLE, HEADERS = 2000, 1200, 5
BAD_LINE = HEADERS + MIDDLE + 1


@dataclass(frozen=True, eq=False)
class Kind:
    """A log kind and made-up rows of it; `text` is its free-text field."""

    name: str
    file: str
    log_type: str
    fields: tuple[str, ...]
    text: str
    values: dict[str, str]

    def head(self, fields: Sequence[str] = ()) -> list[bytes]:
        first = ("#Software: Microsoft Exchange Server", "#Version: 15.02.1748.010", f"#Log-type: {self.log_type}")
        last = ("#Date: 2026-03-02T08:00:00.000Z", "#Fields: " + ",".join(fields or self.fields))
        return [line.encode() for line in (*first, *last)]

    def row(self, n: int, fields: Sequence[str] = (), **other: bytes) -> bytes:
        made = {name: value.replace("{n}", str(n)).encode() for name, value in self.values.items()}
        made["date-time"] = b"2026-03-02T08:%02d:%02d.%03dZ" % (n // 60 % 60, n % 60, n % 1000)
        made |= {name.replace("_", "-"): value for name, value in other.items()}
        return b",".join(made.get(name, b"") for name in fields or self.fields)

    def lines(self) -> list[bytes]:
        return [*self.head(), *(self.row(n) for n in range(ROWS))]

    def damaged(self, bad: bytes) -> list[bytes]:
        return [*self.lines()[: BAD_LINE - 1], bad, *self.lines()[BAD_LINE:]]

    def bad_text(self, text: bytes) -> bytes:
        return self.row(MIDDLE, **{self.text: text})


TRACKING = Kind(
    "message_tracking", "MSGTRK2026030208-1.LOG", "Message Tracking Log", tuple(TRACKING_2016), "message-subject",
    {
        "client-ip": "192.0.2.7", "client-hostname": "ex02.contoso.com", "server-hostname": "EX01", "source": "SMTP",
        "event-id": "RECEIVE", "internal-message-id": "{n}", "message-id": "<m{n}@contoso.com>",
        "network-message-id": "6361b9f8-f33c-1a7f-afdd-87333253b562", "total-bytes": "{n}",
        "recipient-address": "ann@example.com;bob{n}@example.com", "message-subject": '"Straße, {n}"',
        "recipient-status": "250 2.1.5 OK;250 2.1.5 OK", "log-id": "{n}", "schema-version": "15.02.1748.010",
    },
)  # fmt: skip
SMTP = Kind(
    "smtp_receive", "RECV2026030208-1.LOG", "SMTP Receive Protocol Log", SMTP_FIELDS, "data",
    {
        "connector-id": "EX01\\In", "session-id": "08DC{n}", "sequence-number": "{n}", "event": "<", "context": "{n}",
        "local-endpoint": "192.0.2.1:25", "remote-endpoint": "198.51.100.7:4{n}", "data": '"MAIL FROM:<a,{n}@example.com>"',
    },
)  # fmt: skip
both = pytest.mark.parametrize("kind", [TRACKING, SMTP], ids=lambda kind: kind.name)
ends = pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])


@dataclass(frozen=True)
class Reading:
    """What the store holds of one file, after both readers agreed on it."""

    counts: Counts
    rejects: list[Reject]
    rows: pl.DataFrame


def reading(kind: Kind, content: bytes) -> Reading:
    with TemporaryDirectory() as name:
        store, path = Path(name) / "store", Path(name) / kind.file
        path.write_bytes(content)
        log = recognise(path)
        assert log.format is not None and log.format.name == kind.name
        reader = Reader(log)
        chunks = list(reader.chunks())
        written = write_all([log], store, 1, lambda _: None)[log.file_id]
        assert written.error is None
        assert written.counts == reader.counts
        assert written.rejects == [reject for chunk in chunks for reject in chunk.rejects]
        counts = written.counts
        assert counts.lines == content_lines(content)
        known = counts.headers + counts.events + counts.rejects + counts.blank + counts.pending + counts.continuation
        assert counts.lines == known
        parts = [pl.read_parquet(store / part, hive_partitioning=False) for _, part, _ in written.segments]
        rows = pl.concat(parts).sort("line_number").drop("file_id")
        assert rows.height == counts.events
        return Reading(counts, written.rejects, rows)


def content_lines(content: bytes) -> int:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", "replace").encode()
    return content.count(b"\n") + (not content.endswith(b"\n"))


@cache
def clean(kind: Kind) -> pl.DataFrame:
    found = reading(kind, joined(kind.lines(), b"\n"))
    assert found.counts == Counts(lines=HEADERS + ROWS, headers=HEADERS, events=ROWS)
    return found.rows


def joined(lines: Sequence[bytes], end: bytes) -> bytes:
    return b"".join(line + end for line in lines)


def assert_neighbours(kind: Kind, found: Reading, shift: int = 0) -> None:
    """Every row but the one of the bad line is the clean file's row, field by field, on the right line."""
    line = pl.col("line_number")
    expected = clean(kind).filter(line != BAD_LINE).with_columns(pl.when(line > BAD_LINE).then(line + shift).otherwise(line))
    assert_frame_equal(found.rows.filter(line != BAD_LINE), expected)



KEPT = {
    "quoted_comma": (b'"one, two"', "one, two"),
    "doubled_quotes": (b'"say ""yes"", now"', 'say "yes", now'),
    "line_break_in_quotes": (b'"one\ntwo"', "one\ntwo"),
    "blank_line_in_quotes": (b'"one\n\ntwo, ""2"""', 'one\n\ntwo, "2"'),
    "quote_in_data": (b'say "yes" now', 'say "yes" now'),
    "lone_quote_in_data": (b'a 5" disk', 'a 5" disk'),
    "bytes_not_utf8": (b"caf\xe9 ol\xe9", "caf\\xe9 ol\\xe9"),
    "lone_cr": (b"one\rtwo", "one\\x0dtwo"),
    "lone_cr_and_line_break": (b'"one\rtwo\nthree"', "one\\x0dtwo\nthree"),
    "line_separators_of_unicode": ("a\u2028b\x0b\x85c".encode(), "a\u2028b\x0b\x85c"),
    "empty_quotes": (b'""', None),
    "long_field_not_utf8": (b"x" * 200_000 + b"\xe9", "x" * 200_000 + "\\xe9"),
}  # fmt: skip


@ends
@both
@pytest.mark.parametrize("trap", KEPT)
def test_a_row_that_only_looks_bad_is_kept_and_its_neighbours_are_untouched(trap: str, kind: Kind, end: bytes) -> None:
    text, value = KEPT[trap]
    found = reading(kind, joined(kind.damaged(kind.bad_text(text.replace(b"\n", end))), end))
    more = text.count(b"\n")
    assert found.counts == Counts(lines=HEADERS + ROWS + more, headers=HEADERS, events=ROWS, continuation=more)
    assert found.rejects == []
    assert_neighbours(kind, found, more)
    name = kind.text.replace("-", "_")
    expected = clean(kind).filter(pl.col("line_number") == BAD_LINE).with_columns(pl.lit(value, pl.String).alias(name))
    assert_frame_equal(found.rows.filter(pl.col("line_number") == BAD_LINE), expected)


REJECTED: dict[str, tuple[Callable[[Kind], bytes], str]] = {
    "nul_inside": (lambda kind: kind.bad_text(b"a\0b"), "NUL"),
    "open_quote": (lambda kind: kind.bad_text(b'"never closed'), "quote"),
    "text_behind_quotes": (lambda kind: kind.bad_text(b'"a" b'), "quote"),
    "one_field_more": (lambda kind: kind.bad_text(b"a,b"), "fields where the header has"),
    "torn_in_the_middle": (lambda kind: kind.row(MIDDLE)[:60], "fields where the header has"),
    "no_such_month": (lambda kind: kind.row(MIDDLE, date_time=b"2026-13-02T08:00:00.000Z"), "date-time"),
    "no_such_day": (lambda kind: kind.row(MIDDLE, date_time=b"2026-02-30T08:00:00.000Z"), "date-time"),
    "year_nought": (lambda kind: kind.row(MIDDLE, date_time=b"0000-02-20T08:00:00.000Z"), "date-time"),
    "no_date": (lambda kind: kind.row(MIDDLE, date_time=b"yesterday"), "date-time"),
    "foreign_text": (lambda _: b"the quick brown fox", "date-time"),
    "byte_order_mark": (lambda kind: b"\xef\xbb\xbf" + kind.row(MIDDLE), "date-time"),
    "only_nul": (lambda _: b"\0" * 500, "NUL"),
}  # fmt: skip


@ends
@both
@pytest.mark.parametrize("trap", REJECTED)
def test_a_bad_line_is_the_one_reject_and_its_neighbours_are_untouched(trap: str, kind: Kind, end: bytes) -> None:
    make, reason = REJECTED[trap]
    bad = make(kind)
    found = reading(kind, joined(kind.damaged(bad), end))
    assert found.counts == Counts(lines=HEADERS + ROWS, headers=HEADERS, events=ROWS - 1, rejects=1)
    assert [reject.line_number for reject in found.rejects] == [BAD_LINE]
    assert reason in found.rejects[0].reason
    assert found.rejects[0].text == bad.decode().replace("\0", "\\x00")
    assert_neighbours(kind, found)


@ends
@both
def test_blank_lines_are_counted_and_nothing_else(kind: Kind, end: bytes) -> None:
    lines = kind.lines()
    found = reading(kind, joined([*lines[:BAD_LINE], b"", b"  ", *lines[BAD_LINE:]], end))
    assert found.counts == Counts(lines=HEADERS + ROWS + 2, headers=HEADERS, events=ROWS, blank=2)
    assert_neighbours(kind, found, shift=2)
