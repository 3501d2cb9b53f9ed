"""The linker against the simulator's truth: every hop, parent, leg and status, with all logs and with tracking alone."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.models.against_truth import HOP, LEG, difference, found_hops, found_legs, true_hops, true_legs
from tracelens import pipeline, store
from tracelens.simulate import simulate

PARENT = [f"parent_{name}" for name in HOP[1:]]
PROTOCOL = tuple(
    f"*:{log}"
    for log in ("frontend_receive", "frontend_send", "hub_receive", "hub_send", "delivery_receive", "submission_send")
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pl.DataFrame]:
    """A store of an estate with all logs, and the truth."""
    out = tmp_path_factory.mktemp("estate")
    simulate(out / "logs", messages=300, servers=3, days=1, seed=7, hours=(8, 14))
    pipeline.ingest([out / "logs"], out / "S", workers=1)
    return out / "S", pl.read_parquet(out / "logs" / "truth.parquet")


def test_with_all_logs_hops_and_their_parents_are_the_truth(whole: tuple[Path, pl.DataFrame]) -> None:
    wanted, seen = true_hops(whole[1]).select(HOP + PARENT), found_hops(whole[0]).select(HOP + PARENT)
    assert wanted.height > 500
    assert difference(wanted, seen)[:5] == []
    assert difference(seen, wanted)[:5] == []
    assert seen.height == wanted.height


def test_with_all_logs_legs_and_statuses_are_the_truth(whole: tuple[Path, pl.DataFrame]) -> None:
    wanted, seen = true_legs(whole[1]).select(LEG), found_legs(whole[0]).select(LEG)
    assert {"delivered", "relayed", "expanded", "redirected", "failed", "refused"} <= set(wanted["status"])
    assert difference(wanted, seen)[:5] == []
    assert difference(seen, wanted)[:5] == []
    assert seen.height == wanted.height


def test_with_all_logs_every_report_and_copy_names_its_cause(whole: tuple[Path, pl.DataFrame]) -> None:
    causes = whole[1].filter(pl.col("record") == "cause")
    wanted = {tuple(row) for row in causes.select("network_message_id", "kind", "parent_message_id").rows()}
    assert {kind for _, kind, _ in wanted} == {"dsn", "journal", "rule", "moderation"}
    seen = store.ask(
        whole[0],
        "select c.network_message_id, c.cause_kind, '<' || p.message_id || '>' from message c"
        " join message p on p.message_key = c.cause_message_key where not c.is_noise",
    )
    assert {tuple(row) for row in seen.rows()} == wanted


def test_without_protocol_logs_statuses_are_right_and_the_proxy_hop_is_inferred(tmp_path: Path) -> None:
    simulate(tmp_path / "logs", messages=200, servers=3, days=1, seed=7, hours=(8, 12), lose=PROTOCOL)
    pipeline.ingest([tmp_path / "logs"], tmp_path / "S", workers=1)
    truth = pl.read_parquet(tmp_path / "logs" / "truth.parquet")
    wanted, seen = true_legs(truth).select(LEG), found_legs(tmp_path / "S").select(LEG)
    refused = pl.col("status") == "refused"  # turned away before acceptance: only the protocol log knows
    assert difference(wanted.filter(~refused), seen)[:5] == []
    assert difference(seen, wanted)[:5] == []
    front = (pl.col("kind") == "receive") & (pl.col("to_service") == "frontend")
    inferred = found_hops(tmp_path / "S").filter(front & (pl.col("basis") == "inferred"))
    assert inferred.height >= true_hops(truth).filter(front).height * 0.9
