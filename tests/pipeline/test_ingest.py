"""What is in the store after an ingest: the same for the same logs, whatever the order, and nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.stores import content, differences
from tracelens import store
from tracelens.pipeline import ingest
from tracelens.simulate import simulate

HEADER = """#Software: Microsoft Exchange Server
#Version: 15.02.1118.007
#Log-type: SMTP Receive Protocol Log
#Date: 2026-03-02T06:00:00.000Z
#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
"""
ROLE = Path("EX01/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive")


def conversation(number: int) -> str:
    """Gives a short conversation, in minute `number`."""
    ends = f"EX01\\In,08DE0000000000{number:02},{{}},192.0.2.1:25,198.51.100.7:{4100 + number},{{}}\n"
    steps = ("+,,", "<,EHLO client.example.com,", ">,250 mail.example.com Hello,", "-,,Remote")
    return "".join(f"2026-03-02T06:{number:02}:00.{at}00Z,{ends.format(at, step)}" for at, step in enumerate(steps))


def write(path: Path, *numbers: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(map(conversation, numbers)), encoding="utf-8", newline="\r\n")
    return path


def sessions(folder: Path) -> list[int]:
    """Gives the minutes of the conversations in the store."""
    asked = store.ask(folder, "select distinct minute(date_time) as number from smtp_event order by number")
    return asked["number"].to_list()


def ledger(folder: Path) -> dict[str, tuple[str, str | None]]:
    rows: list[dict[str, Any]] = store.ask(folder, "select path, state, reason from log_file").to_dicts()
    return {Path(row["path"]).name: (row["state"], row["reason"]) for row in rows}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("estate")
    simulate(out, messages=60, servers=2, seed=3)
    for log in out.rglob("*.LOG"):  # half a day is enough
        if int(log.stem.split("-")[0][-2:]) >= 12:
            log.unlink()
    return out


@pytest.fixture(scope="module")
def whole(estate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "store"
    ingest([estate / "EX01", estate / "EX02"], folder)
    return folder


def test_a_store_of_the_estate_has_rows_in_every_table_that_matters(whole: Path) -> None:
    tables = content(whole)
    for name in ("smtp_event", "tracking_event", "session", "transaction", "link", "message", "leg", "hop", "finding"):
        assert tables[name].height > 0, name
    assert "evidence" in tables["hop"].columns


def test_the_same_input_again_publishes_nothing_and_touches_no_file(estate: Path, whole: Path) -> None:
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in whole.rglob("*") if path.is_file() and path.name != "LOCK"}

    before = files()
    account = ingest([estate / "EX02", estate / "EX01"], whole)
    assert (account.new_files, account.generation) == (0, "tracelens-000001.duckdb")
    assert account.known_files > 80
    assert files() == before


@pytest.mark.parametrize(
    "pieces",
    [["EX02", "EX01"], ["*/*/*/MessageTracking", "*"]],
    ids=["other server first", "tracking logs first"],
)
def test_input_in_pieces_gives_the_store_of_the_whole(
    estate: Path, whole: Path, tmp_path: Path, pieces: Sequence[str]
) -> None:
    for piece in pieces:
        ingest([path for path in sorted(estate.glob(piece)) if path.is_dir()], tmp_path / "store")
    assert differences(tmp_path / "store", whole) == {}
