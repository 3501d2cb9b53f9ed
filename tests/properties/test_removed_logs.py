"""Simulated estates of any kind, whole and with logs missing: what is claimed is so, and what is not seen is explained."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models.against_truth import (
    HOP,
    LEG,
    difference,
    found_hops,
    found_legs,
    true_hops,
    true_legs,
    unexplained,
    wrong_claims,
)
from tracelens import pipeline
from tracelens.simulate import simulate
from tracelens.simulate.writer import parse_loss

FEW = settings(max_examples=3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
PARENT = [f"parent_{name}" for name in HOP[1:]]
seeds = st.integers(1, 9999)
versions = st.sampled_from(["2013", "2016", "2019", "SE"])
extras = st.sets(st.sampled_from(["edge", "hybrid", "old", "nat", "collisions"]), min_size=1).map(sorted)
logs = st.sampled_from(
    [
        "*",
        "tracking",
        "tracking_delivery",
        "tracking_submission",
        "frontend_receive",
        "frontend_send",
        "hub_receive",
        "hub_send",
    ]
)
hours = st.one_of(st.just(""), st.integers(6, 12).map(lambda hour: f":{hour}"))
losses = st.lists(
    st.builds(lambda server, log, hour: f"{server}:{log}{hour}", st.sampled_from(["EX01", "EX02", "EDGE1", "HUB10"]), logs, hours),
    min_size=1, max_size=4, unique=True,
)  # fmt: skip


def built(
    folder: Path, seed: int, version: str, having: list[str], lose: tuple[str, ...] = (), messages: int = 20
) -> pl.DataFrame:
    """Writes an estate, reads it into `folder/S` and gives the truth."""
    simulate(
        folder / "logs",
        messages,
        2,
        seed=seed,
        version=version,
        hours=(6, 13),
        extras=having,
        lose=lose,
        troubles=False,
    )
    pipeline.ingest([folder / "logs"], folder / "S", workers=1)
    return pl.read_parquet(folder / "logs" / "truth.parquet")


@pytest.mark.slow
@FEW
@given(seeds, versions, extras)
def test_with_all_logs_every_hop_parent_and_status_is_found_and_none_is_wrong(
    seed: int, version: str, having: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        truth = built(Path(name), seed, version, having)
        for wanted, seen in (
            (true_hops(truth).select(HOP + PARENT), found_hops(Path(name) / "S").select(HOP + PARENT)),
            (true_legs(truth).select(LEG), found_legs(Path(name) / "S").select(LEG)),
        ):
            assert difference(wanted, seen) == []
            assert difference(seen, wanted) == []
            assert seen.height == wanted.height


@pytest.mark.slow
@FEW
@given(seeds, versions, extras, losses)
def test_with_logs_missing_nothing_wrong_is_observed_and_each_hop_not_seen_is_a_gap(
    seed: int, version: str, having: list[str], lose: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        truth = built(Path(name), seed, version, having, tuple(lose), 30)
        assert wrong_claims(Path(name) / "S", truth) == []
        assert unexplained(Path(name) / "S", truth, [parse_loss(text) for text in lose]) == []
