"""Whatever bytes a file holds, every line is accounted for and no row on an undamaged line is lost."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracelens.discover import recognise
from tracelens.read import Counts, Reader
from tracelens.schema import SMTP_FIELDS
from tracelens.segments import write_all

HEADER = f"#Log-type: SMTP Send Protocol Log\r\n#Fields: {','.join(SMTP_FIELDS)}\r\n"
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=30)
FAST = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(content: bytes) -> tuple[Reader, list[tuple[int, tuple[str, ...]]], list[int]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "SEND2026030208-1.LOG"
        path.write_bytes(content)
        reader = Reader(recognise(path))
        rows: list[tuple[int, tuple[str, ...]]] = []
        rejects = []
        for chunk in reader.chunks():
            rejects += [reject.line_number for reject in chunk.rejects]
            if chunk.table is not None:
                for row in chunk.table.to_pylist():
                    number = row.pop("line_number")
                    rows.append((number, tuple(row.values())))
        return reader, rows, rejects


def line(values: list[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerow(values)
    return stream.getvalue()


@FAST
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12))
def test_what_a_csv_writer_writes_reads_back_equal(pairs: list[tuple[str, str]]) -> None:
    rows = [
        [f"2026-03-02T08:00:{n:02d}.000Z", "C", "08D", str(n), "10.0.0.1:25", "192.0.2.1:25", ">", *pair]
        for n, pair in enumerate(pairs)
    ]
    reader, got, rejects = read((HEADER + "".join(map(line, rows))).encode())
    assert rejects == []
    assert [values for _, values in got] == [tuple(row) for row in rows]
    assert reader.counts.lines == reader.counts.headers + reader.counts.events + reader.counts.continuation


@FAST
@given(
    st.lists(
        st.sampled_from([b'"', b",", b"\r\n", b"\n", b"\0", b"\xff", b"#", b"x", b"\xef\xbb\xbf", b"\r"]), max_size=40
    )
)
def test_damage_costs_only_the_damaged_lines(noise: list[bytes]) -> None:
    good = [
        f"2026-03-02T08:00:{n:02d}.000Z,C,08D,{n},10.0.0.1:25,192.0.2.1:25,>,data {n},\r\n".encode() for n in range(6)
    ]
    damage = b"x" + b"".join(noise) + b"\r\n"
    reader, got, _ = read(HEADER.encode() + b"".join(good[:3]) + damage + b"".join(good[3:]))
    counts = reader.counts
    parts = (counts.headers, counts.events, counts.rejects, counts.blank, counts.pending, counts.continuation)
    assert counts.lines == sum(parts)
    seen = {values[7] for _, values in got}
    assert {f"data {n}" for n in range(6)} <= seen


@FAST
@given(st.binary(max_size=400))
def test_any_bytes_after_a_header_keep_the_law(content: bytes) -> None:
    reader, _, _ = read(
        HEADER.encode() + b"2026-03-02T08:00:00.000Z,C,08D,0,10.0.0.1:25,192.0.2.1:25,>,first,\r\n" + content
    )
    counts = reader.counts
    parts = (counts.headers, counts.events, counts.rejects, counts.blank, counts.pending, counts.continuation)
    assert counts.lines == sum(parts)
    assert counts.events >= 1


def good(number: int) -> bytes:
    return f"2026-03-02T08:00:{number:02d}.000Z,C,08D,{number},10.0.0.1:25,192.0.2.1:25,>,data {number},\r\n".encode()


def stored(content: bytes) -> tuple[Counts, dict[int, str]]:
    """Gives what an ingest keeps of a file: the counts, and by line number the data of the events in the segments."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "SEND2026030208-1.LOG"
        path.write_bytes(content)
        found = recognise(path)
        done = write_all([found], Path(folder) / "S", 1, lambda _: None)[found.file_id]
        frames = [pl.read_parquet(Path(folder) / "S" / part, hive_partitioning=False) for _, part, _ in done.segments]
        rows = [row for frame in frames for row in frame.select("line_number", "data").rows()]
        assert len(rows) == done.counts.events
        assert len(done.rejects) == done.counts.rejects
        return done.counts, dict(rows)


BLOCKS = st.sampled_from(
    [
        b"", b"\r\n", b"\n", b"\xef\xbb\xbf", b"\0" * 9, b"\xff\xfe\r\n", b'x,"y\r\n', b'"\r\n', b",,,\r\n", b"\r",
        b"#Software: Microsoft Exchange Server\r\n", b"#Date: 2026-03-02T09:00:00.000Z\r\n", b"#Fields: a,b\r\n", b"#\n",
        HEADER.encode(), b"2026-03-02T08:00:00.000Z,C\r\n", b"2026-13-45T08:00:00.000Z,C,0,0,0,0,>,,\r\n",
        b'2026-03-02T08:00:30.000Z,C,08D,0,10.0.0.1:25,192.0.2.1:25,>,"two\r\nlines",\r\n',
    ]
)  # fmt: skip


@settings(FAST, max_examples=60)
@given(st.lists(BLOCKS, min_size=7, max_size=7))
def test_what_is_stored_keeps_every_good_line_whatever_stands_between(between: list[bytes]) -> None:
    content, lines = HEADER.encode(), {}
    for number, block in enumerate(between):
        # a good line stands on a line of its own
        content += block + (b"\r\n" if block and not block.endswith(b"\n") else b"")
        lines[content.count(b"\n") + 1] = f"data {number}"
        content += good(number)
    counts, rows = stored(content)
    assert lines.items() <= rows.items()
    assert counts.lines == content.count(b"\n")


@pytest.mark.parametrize(
    ("giant", "is_event"),
    [
        (good(5).replace(b"data 5", b"x" * (16 << 20)), True),
        (good(5).replace(b"data 5", b'"' + b"x" * (4 << 20)), False),
        (b"\0" * (4 << 20) + b"\r\n", False),
        (b"," * (4 << 20) + b"\r\n", False),
    ],
    ids=["a row of 16 MB", "a quote that never closes", "NUL bytes", "commas"],
)
def test_a_giant_line_costs_no_other(giant: bytes, is_event: bool) -> None:
    counts, rows = stored(HEADER.encode() + good(1) + giant + good(2))
    assert (rows[3], rows[5]) == ("data 1", "data 2")
    assert (counts.lines, counts.events, counts.rejects) == (5, 2 + is_event, 1 - is_event)
    assert not is_event or len(rows[4]) == 16 << 20
