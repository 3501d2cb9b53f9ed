"""`tracelens ingest --follow` on a folder that grows."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tracelens import query, store
from tracelens.errors import ConfigError, InternalError
from tracelens.follow import follow, rounds
from tracelens.pipeline import Account, ingest

Call = Callable[..., Result]
Logs = Callable[..., Path]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_growing_folder_is_read_until_ctrl_c_and_accounted_for(logs: Logs, tmp_path: Path, stop: int) -> None:
    store = tmp_path / "S"
    folder = logs("info")
    command = [sys.executable, "-m", "tracelens", "ingest", str(folder), "--store", str(store), "--follow"]
    command += ["--interval", "0.3", "--format", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stderr
        try:
            assert "following 1 path," in running.stderr.readline()
            assert "1 file read, 0 known" in running.stderr.readline()
            logs("medium")  # grows
            assert "1 file read" in running.stderr.readline()
            (folder / "more").mkdir()
            write_tracking(folder / "more")
            assert "1 file read, 1 known" in running.stderr.readline()
            running.send_signal(stop)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert (running.returncode, err) == (0, "")
    kinds = {row["format"]: row for row in map(json.loads, out.splitlines())}
    assert kinds["smtp_receive"]["event_count"] == 4 + 2 * 6
    assert kinds["message_tracking"]["event_count"] == 1
    held = query.ask(store, "holding")
    assert sum(held["event_count"].to_list()) == 17


def write_tracking(folder: Path) -> None:
    from tracelens.schema import TRACKING_2007

    row = dict.fromkeys(TRACKING_2007, "")
    row |= {
        "date-time": "2026-03-02T08:00:00.000Z", "server-hostname": "EX01", "source": "SMTP", "event-id": "RECEIVE",
        "internal-message-id": "1", "message-id": "<a@example.com>", "recipient-address": "anna@example.com",
        "recipient-count": "1", "sender-address": "bob@example.org", "total-bytes": "900",
    }  # fmt: skip
    head = ["#Software: Microsoft Exchange Server", "#Version: 8.0.0.0", "#Log-type: Message Tracking Log"]
    head += ["#Date: 2026-03-02T08:00:00.000Z", "#Fields: " + ",".join(TRACKING_2007), ",".join(row.values())]
    draft = folder.parents[1] / "draft"
    draft.write_bytes("\r\n".join(head).encode() + b"\r\n")
    draft.rename(folder / "MSGTRK20260302-1.LOG")


def test_without_notices_it_looks_at_the_interval(logs: Logs, tmp_path: Path) -> None:
    folder, store = logs("info"), tmp_path / "S"
    (folder / "half.gz").write_bytes(b"\x1f\x8b\x08\0")
    said: list[str] = []
    counts: list[int] = []

    def read() -> Account:
        if len(counts) == 3:
            raise KeyboardInterrupt
        account = ingest([folder], store, workers=1)
        counts.append(account.new_files)
        logs("medium" if len(counts) == 1 else "high")
        return account

    account = follow(read, [folder], 0.1, said.append, notices=False)
    assert counts == [1, 1, 1]
    assert (account.new_files, account.generation) == (3, "tracelens-000003.duckdb")
    assert [line for line in said if "half" in line] == [said[0]], "once"
    assert said[0].endswith("looking again") and len(said) == 4


def test_a_path_that_is_not_there_ends_it_at_once(call: Call) -> None:
    done = call("ingest", "nowhere", "--store", "S", "--follow")
    assert done.exit_code == 4
    assert "nowhere" in done.stderr


def test_logs_that_have_not_come_yet_are_waited_for(logs: Logs, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    said: list[str] = []

    def read() -> Account:
        if (tmp_path / "S" / "CURRENT").exists():
            raise KeyboardInterrupt
        if said:
            logs("info")
        return ingest([folder], tmp_path / "S", workers=1)

    account = follow(read, [folder], 0.1, said.append)
    assert account.new_files == 1
    assert said[0].startswith("no log files found") and said[0].endswith("looking again")
    assert len(said) == 2


def test_a_share_that_goes_and_comes_back_is_said_once_and_read_again(logs: Logs, tmp_path: Path) -> None:
    folder = logs("info")
    said: list[str] = []
    asked = 0

    def read() -> Account:
        nonlocal asked
        asked += 1
        if asked == 2:
            folder.rename(tmp_path / "away")
        elif asked == 4:
            (tmp_path / "away").rename(folder)
            logs("medium")
        elif asked == 5:
            raise KeyboardInterrupt
        return ingest([folder], tmp_path / "S", workers=1)

    account = follow(read, [folder], 0.1, said.append, notices=False)
    assert account.new_files == 2
    assert sum("looking again" in line for line in said) == 1


def test_a_store_inside_a_followed_folder_is_refused(call: Call, logs: Logs) -> None:
    folder = logs("info")
    done = call("ingest", folder, "--store", folder / "deep" / "S", "--follow")
    assert done.exit_code == 2
    assert "lies inside" in done.stderr


def test_a_change_wakes_it(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")
    turns = rounds([tmp_path], 0.2)
    next(turns)
    next(turns)
    (tmp_path / "new.log").write_text("x", encoding="utf-8")
    next(turns)
    turns.close()


def test_a_half_written_line_waits_while_the_log_is_followed_and_comes_whole(logs: Logs, tmp_path: Path) -> None:
    log = next(logs("info").rglob("*.LOG"))
    content = log.read_bytes()
    whole, last = content[: content.rstrip().rfind(b"\n") + 1], content[content.rstrip().rfind(b"\n") + 1 :]
    pieces = [whole + last[:30], whole + last, None]
    seen: list[tuple[str, int, int]] = []

    def read() -> Account:
        piece = pieces.pop(0)
        if piece is None:
            raise KeyboardInterrupt
        log.write_bytes(piece)
        account = ingest([log.parent], tmp_path / "S", workers=1)
        asked = "select state, event_count, pending_count from log_file"
        seen.extend(store.ask(tmp_path / "S", asked).rows())
        assert store.ask(tmp_path / "S", "select count(*) from smtp_event").item() == seen[-1][1]
        return account

    follow(read, [log.parent], 0.1, lambda _: None, notices=False)
    assert seen == [("partial", 5, 1), ("ingested", 6, 0)]


def test_a_fault_that_comes_while_it_follows_is_said_once_and_one_of_tracelens_itself_ends_it() -> None:
    broken = ConfigError("cannot be read", "x.toml")
    rounds_of = [Account(new_files=1), broken, broken, Account(new_files=2), InternalError("lines are unaccounted for")]
    said: list[str] = []

    def read() -> Account:
        given = rounds_of.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    with pytest.raises(InternalError):
        follow(read, [], 0.01, said.append, notices=False)
    assert said == [
        "1 file read, 0 known; None",
        "cannot be read (x.toml); looking again",
        "2 files read, 0 known; None",
    ]
