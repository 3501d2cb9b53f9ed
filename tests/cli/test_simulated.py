"""`tracelens simulate` with extras and lost logs; the logs behind a finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tracelens import store


def test_extras_bring_their_servers_and_a_lost_log_is_not_written(call: Callable[..., Result], tmp_path: Path) -> None:
    out = tmp_path / "logs"
    done = call("simulate", "--out", out, "--messages", 8, "--hours", 8, 9, "--with", "edge", "--with", "old",
                "--lose", "EX02:tracking", "--no-troubles")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert {"EX01", "EX02", "EDGE1", "HUB10"} <= {path.name for path in out.iterdir()}
    assert list(out.glob("EX01/**/MSGTRK2*"))
    assert not list(out.glob("EX02/**/MSGTRK2*"))
    assert list(out.glob("EX02/**/MSGTRKMD2*"))


def test_a_log_that_does_not_exist_cannot_be_lost(call: Callable[..., Result], tmp_path: Path) -> None:
    done = call("simulate", "--out", tmp_path / "logs", "--lose", "EX01:diary")
    assert done.exit_code == 2
    assert "not a log to lose: 'EX01:diary'" in done.output


def test_a_finding_shows_the_logs_it_rests_on(call: Callable[..., Result], sample_store: Path) -> None:
    key, server = store.ask(
        sample_store, "select finding_key, server from finding where server is not null limit 1"
    ).row(0)
    done = call("findings", "--rests-on", key, "--store", sample_store, "--format", "json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert {row["server"] for row in rows} == {server}
    assert any(row["covered_hours"] > 0 for row in rows)


def test_an_unknown_finding_rests_on_nothing(call: Callable[..., Result], sample_store: Path) -> None:
    done = call("findings", "--rests-on", "nothing", "--store", sample_store)
    assert done.exit_code == 2
    assert "no finding 'nothing'" in done.output
