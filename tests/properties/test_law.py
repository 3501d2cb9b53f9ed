"""Whatever bytes a file holds, every line is accounted for and no row on an undamaged line is lost."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracelens.discover import recognise
from tracelens.read import Reader
from tracelens.schema import SMTP_FIELDS

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
