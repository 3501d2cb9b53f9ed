"""What the reading tests leave out: dates no calendar has, unusable headers, pieces of a file, one damaged byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.unit.conftest import KINDS, ROWS, Kind
from tracelens import guard, read
from tracelens.discover import recognise
from tracelens.read import Counts, Reader, Reject
from tracelens.segments import write_all

HEADERS, MIDDLE = 5, 1000
both = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def ingested(kind: Kind, content: bytes) -> tuple[Counts, list[Reject], pl.DataFrame]:
    """Reads a file through both readers, which must agree, and gives what is stored."""
    with TemporaryDirectory() as name:
        path = Path(name) / kind.path
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        log = recognise(path)
        reader = Reader(log)
        rejects = [reject for chunk in reader.chunks() for reject in chunk.rejects]
        written = write_all([log], Path(name) / "S", 1, lambda _: None)[log.file_id]
        assert (written.error, written.counts, written.rejects) == (None, reader.counts, rejects)
        parts = [pl.read_parquet(Path(name) / "S" / part, hive_partitioning=False) for _, part, _ in written.segments]
        rows = pl.concat(parts).sort("line_number").drop("file_id")
        assert rows.height == written.counts.events
        return written.counts, rejects, rows


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


@pytest.fixture
def clean(kind: Kind) -> pl.DataFrame:
    return ingested(kind, joined(kind.lines()))[2]


BAD: dict[str, Callable[[bytes], bytes]] = {
    "no_such_month": lambda row: b"2026-13-02" + row[10:],
    "no_such_day": lambda row: b"2026-02-30" + row[10:],
    "year_nought": lambda row: b"0000-02-20" + row[10:],
    "no_date": lambda row: b"yesterday" + row[24:],
    "one_empty_field_more": lambda row: row + b",",
}


@both
@pytest.mark.parametrize("trap", BAD)
def test_a_bad_line_is_the_one_reject(trap: str, kind: Kind, clean: pl.DataFrame) -> None:
    lines = kind.lines()
    lines[MIDDLE] = BAD[trap](lines[MIDDLE])
    counts, rejects, rows = ingested(kind, joined(lines))
    assert counts == Counts(HEADERS + ROWS, HEADERS, ROWS - 1, 1)
    assert [reject.line_number for reject in rejects] == [MIDDLE + 1]
    assert_frame_equal(rows, clean.filter(pl.col("line_number") != MIDDLE + 1))


@both
def test_a_field_too_few_does_not_make_up_for_one_too_many(kind: Kind, clean: pl.DataFrame) -> None:
    lines = kind.lines()
    lines[MIDDLE], lines[MIDDLE + 2] = lines[MIDDLE].removesuffix(b","), lines[MIDDLE + 2] + b","
    _, rejects, rows = ingested(kind, joined(lines))
    assert [reject.line_number for reject in rejects] == [MIDDLE + 1, MIDDLE + 3]
    assert_frame_equal(rows, clean.filter(~pl.col("line_number").is_in([MIDDLE + 1, MIDDLE + 3])))


@both
def test_a_list_longer_than_the_csv_module_likes_is_read_beside_a_fault(kind: Kind, clean: pl.DataFrame) -> None:
    lines = kind.lines()
    lines[MIDDLE] = lines[MIDDLE].replace(b'""', b'""' + b"x" * 200_000, 1)
    counts, _, rows = ingested(kind, joined(lines) + b"\0\r\n")
    assert counts == Counts(HEADERS + ROWS + 1, HEADERS, ROWS, 1)
    assert_frame_equal(
        rows.filter(pl.col("line_number") != MIDDLE + 1), clean.filter(pl.col("line_number") != MIDDLE + 1)
    )


@both
def test_a_header_with_damaged_fields_costs_no_row(kind: Kind, clean: pl.DataFrame) -> None:
    content = joined(kind.lines()).replace(b"#Fields: date-time", b"#Fields: dbte-time")
    assert_frame_equal(ingested(kind, content)[2], clean)


@both
def test_a_file_read_in_small_pieces_gives_the_same_rows(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line.replace(b'""', b'""\r\nnext', 1) for line in kind.lines()]
    whole = ingested(kind, joined(lines))
    assert whole[0] == Counts(HEADERS + 2 * ROWS, HEADERS, ROWS, continuation=ROWS)
    monkeypatch.setattr(read, "CHUNK_BYTES", 5000)
    monkeypatch.setattr(guard, "CHUNK_BYTES", 5000)
    pieces = ingested(kind, joined(lines))
    assert pieces[:2] == whole[:2]
    assert_frame_equal(pieces[2], whole[2])


BYTES = st.sampled_from(b'",\n\r\0#\xff\xe9Z:;[') | st.integers(0, 255)


@settings(max_examples=50, deadline=None)
@given(name=st.sampled_from(sorted(KINDS)), where=st.integers(0), byte=BYTES, is_cut=st.booleans())
def test_one_damaged_byte_costs_only_the_rows_it_touches(name: str, where: int, byte: int, is_cut: bool) -> None:
    kind = KINDS[name]
    lines = kind.lines()[: HEADERS + 40]
    head, body = joined(lines[:HEADERS]), joined(lines[HEADERS:])
    at = where % len(body)
    bad = body[:at] + (b"" if is_cut else bytes([byte])) + body[at + 1 :]
    counts, _, rows = ingested(kind, head + bad)
    parts = (counts.headers, counts.events, counts.rejects, counts.blank, counts.pending, counts.continuation)
    assert counts.lines == sum(parts)
    first = body.count(b"\n", 0, at)
    touched = {first, first + 1} if body[at : at + 1] in (b"\r", b"\n") else {first}
    whole = ingested(kind, head + body)[2].drop("line_number").rows()
    got = rows.drop("line_number").rows()
    for number, row in enumerate(whole):
        assert number in touched or row in got


def test_a_fault_of_one_reader_costs_its_file_alone(tmp_path: Path) -> None:
    (tmp_path / "domains.txt").write_text("Name : Contoso\nDomainName : contoso.com\nDomainType : Authoritative\n")
    (tmp_path / "RECV.LOG").write_bytes(joined(KINDS["smtp"].lines()))
    export, log = recognise(tmp_path / "domains.txt"), recognise(tmp_path / "RECV.LOG")
    assert export.format is not None
    faulty = replace(export, format=replace(export.format, parse=lambda source: [][len(source.text)]))
    written = write_all([faulty, log], tmp_path / "S", 1, lambda _: None)
    assert written[log.file_id].counts.events == ROWS
    assert str(written[faulty.file_id].error).startswith("a fault of tracelens (IndexError")


@pytest.mark.parametrize("names", ["client-ip,client_ip", "local-near,x"])
def test_a_header_that_names_a_column_twice_or_as_one_of_ours_costs_its_file_alone(tmp_path: Path, names: str) -> None:
    lines = KINDS["smtp"].lines()
    (tmp_path / "RECV1.LOG").write_bytes(joined(lines))
    faulty = [line + f",{names}".encode() if line.startswith(b"#Fields") else line + b",," for line in lines[:9]]
    (tmp_path / "RECV2.LOG").write_bytes(joined(faulty))
    log, odd = recognise(tmp_path / "RECV1.LOG"), recognise(tmp_path / "RECV2.LOG")
    written = write_all([odd, log], tmp_path / "S", 1, lambda _: None)
    assert written[log.file_id].counts.events == ROWS
    assert str(written[odd.file_id].error).startswith("its columns cannot be told apart")


@both
def test_both_readers_name_the_same_server_where_no_folder_does(kind: Kind) -> None:
    loose = replace(kind, path=f"copied/{Path(kind.path).name}")
    _, rejects, careful = ingested(loose, joined([*kind.lines(), b"no row"]))
    assert len(rejects) == 1
    assert careful["server"].null_count() < careful.height
    assert_frame_equal(careful, ingested(loose, joined(kind.lines()))[2])
