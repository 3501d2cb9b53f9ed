"""Clean logs of 2,000 rows to plant traps in, and what an ingest makes of a file's bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tracelens.discover import recognise
from tracelens.schema import SMTP_FIELDS, TRACKING_2016
from tracelens.segments import write_all

ROWS = 2000


@dataclass
class Kind:
    """One log kind: its path below a folder, its table, its header and its clean rows."""

    path: str
    table: str
    header: list[str]
    rows: list[str]

    def lines(self) -> list[bytes]:
        return [line.encode() for line in (*self.header, *self.rows)]


def header(log_type: str, fields: tuple[str, ...] | list[str], version: str = "15.02.1748.010") -> list[str]:
    return [
        "#Software: Microsoft Exchange Server",
        f"#Version: {version}",
        f"#Log-type: {log_type}",
        "#Date: 2026-03-02T08:00:00.000Z",
        f"#Fields: {','.join(fields)}",
    ]


def moment(number: int) -> str:
    return f"2026-03-02T08:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z"


def smtp() -> Kind:
    rows = [
        f"{moment(n)},EX01\\Default Frontend EX01,08DC{n // 10:012X},{n % 10},10.0.0.1:25,192.0.2.7:{4000 + n},"
        f'>,"250 a, ""b"" {n}",'
        for n in range(ROWS)
    ]
    folder = "EX01/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive"
    return Kind(f"{folder}/RECV2026030208-1.LOG", "smtp_event", header("SMTP Receive Protocol Log", SMTP_FIELDS), rows)


def tracking() -> Kind:
    rows = [
        f"{moment(n)},192.0.2.7,mx.example.com,10.0.0.1,EX01,08DC;{moment(n)};0,EX01\\Default EX01,SMTP,RECEIVE,{n},"
        f'<m{n}@example.com>,{n:032x},"anna@contoso.com;ben@contoso.com",,2048,2,,,"Отчёт, ""{n}""",a@example.com,'
        f"a@example.com,,Incoming,,,,S:x={n},Email,,"
        for n in range(ROWS)
    ]
    folder = "EX01/TransportRoles/Logs/MessageTracking"
    return Kind(
        f"{folder}/MSGTRK2026030208-1.LOG", "tracking_event", header("Message Tracking Log", TRACKING_2016), rows
    )


KINDS = {"smtp": smtp(), "tracking": tracking()}


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    """One log kind after the other."""
    return KINDS[request.param]


@dataclass
class Read:
    """What reading made of one file."""

    file: dict[str, Any]
    events: list[dict[str, Any]]
    rejects: list[dict[str, Any]]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes, str], Read]:
    """Reads the bytes of one file into segments."""
    count = 0

    def run(content: bytes, path: str) -> Read:
        nonlocal count
        count += 1
        place = tmp_path / str(count) / path
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        found = recognise(place)
        done = write_all([found], tmp_path / str(count) / "S", 1, lambda _: None)[found.file_id]
        frames = [pl.read_parquet(tmp_path / str(count) / "S" / part) for _, part, _ in done.segments]
        events = pl.concat(frames, how="diagonal").sort("line_number").drop("file_id").to_dicts()
        names = {"lines": "line", "headers": "header", "events": "event", "rejects": "reject"}
        file = {f"{names.get(name, name)}_count": number for name, number in asdict(done.counts).items()}
        return Read(
            {**file, "reason": done.assumed or found.reason}, events, [asdict(reject) for reject in done.rejects]
        )

    return run
