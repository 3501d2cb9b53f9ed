"""What github.com/microsoft/CSS-Exchange/issues/891 asks of a reader of protocol logs, point by point."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tracelens import store as stores
from tracelens.pipeline import ingest

Call = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lone_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one server's logs out of two."""
    folder = tmp_path_factory.mktemp("lone")
    shutil.copytree(ROOT / "sample_logs" / "EX01", folder / "L" / "EX01")
    ingest([folder / "L"], folder / "S", workers=1)
    return folder / "S"


def traced(call: Call, store: Path, where: str) -> str:
    keys = stores.ask(store, f"select message_key from message where not is_noise and {where} order by message_key")
    return call("trace", keys["message_key"][0], "--store", store).stdout


def test_one_message_is_followed_from_server_to_server(call: Call, sample_store: Path) -> None:
    told = traced(
        call,
        sample_store,
        "message_key in (select message_key from hop where kind = 'proxy' and from_server <> to_server)"
        " and message_key in (select message_key from hop where kind = 'deliver')",
    )
    assert re.search(r"receive .+ → EX0\d frontend:25", told)
    assert re.search(r"proxy    (EX0\d) frontend → (?!\1)EX0\d hub:2525", told)
    assert re.search(r"deliver  EX0\d hub → EX0\d delivery:475", told)


def test_the_flow_is_told_with_time_stamps(call: Call, sample_store: Path) -> None:
    told = traced(call, sample_store, "hop_count = 3")
    hops = re.findall(r"^\W*\d (?:receive|proxy|submit|transfer|deliver|external) ", told, flags=re.M)
    assert len(hops) == 3
    assert len(re.findall(r"^\W+\d\d:\d\d:\d\d\.\d{3}", told, flags=re.M)) == 3


def test_missing_logs_are_called_out_with_server_and_log(call: Call, lone_store: Path) -> None:
    told = traced(
        call,
        lone_store,
        "message_key in (select message_key from gap where server = 'EX02' and log = 'message_tracking')",
    )
    assert re.search(r"gap: EX02 \w+ message tracking, 2026-03-02 \d\d:00: server not loaded", told)
    assert re.search(r"^  EX02  nothing$", told, flags=re.M)


def test_a_long_silence_inside_a_session_is_called_out(call: Call, sample_store: Path) -> None:
    key = stores.ask(
        sample_store, "select session_key from session order by longest_silence_ms desc nulls last limit 1"
    )
    told = call("session", key[0, 0], "--store", sample_store).stdout
    assert "silence of" in told


def test_idle_sessions_are_listed_the_longest_first(call: Call, sample_store: Path) -> None:
    told = call("session", "--store", sample_store).stdout
    first = told.splitlines()[2].split()
    longest = stores.ask(sample_store, "select max(longest_silence_ms) as ms from session where not is_noise")["ms"][0]
    assert int(first[0]) == longest
    assert "waited_command" in told


def test_it_works_away_from_the_server(sample_store: Path) -> None:
    paths = stores.ask(sample_store, "select distinct path from log_file where state = 'ingested'")["path"]
    assert all(Path(path).is_relative_to(ROOT) for path in paths)


def test_the_docs_name_where_each_wish_is_shown() -> None:
    wishes = (ROOT / "docs" / "paths.md").read_text(encoding="utf-8").split("## What support engineers asked for")[1]
    named = set(re.findall(r"`(test_\w+)`", wishes))
    assert named == {name for name in globals() if name.startswith("test_") and "docs" not in name}
    for picture in re.findall(r"\((screenshots/[^)]+)\)", wishes):
        assert (ROOT / "docs" / picture).is_file()
