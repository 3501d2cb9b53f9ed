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
    found_gaps,
    found_hops,
    found_legs,
    idle_gaps,
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
extras = st.sets(st.sampled_from(["edge", "hybrid", "centralised", "old", "nat", "collisions"]), min_size=1).map(sorted)
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
        "delivery_receive",
        "submission_send",
    ]
)
servers = st.sampled_from(["EX01", "EX02", "EDGE1", "HUB10", "*"])
hours = st.one_of(st.just(""), st.integers(6, 12).map(lambda hour: f":{hour}"))
sizes = st.integers(5, 40)
losses = st.lists(
    st.builds(lambda server, log, hour: f"{server}:{log}{hour}", servers, logs, hours).filter(lambda text: text != "*:*"),
    min_size=1, max_size=4, unique=True,
)  # fmt: skip


def built(
    folder: Path, seed: int, version: str, having: list[str], lose: tuple[str, ...], messages: int
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
@given(seeds, versions, extras, sizes)
def test_with_all_logs_every_hop_parent_and_status_is_found_and_none_is_wrong(
    seed: int, version: str, having: list[str], messages: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        truth = built(Path(name), seed, version, having, (), messages)
        for wanted, seen in (
            (true_hops(truth).select(HOP + PARENT), found_hops(Path(name) / "S").select(HOP + PARENT)),
            (true_legs(truth).select(LEG), found_legs(Path(name) / "S").select(LEG)),
        ):
            assert difference(wanted, seen) == []
            assert difference(seen, wanted) == []
            assert seen.height == wanted.height
        assert dict(found_gaps(Path(name) / "S")) == {}


@pytest.mark.slow
@FEW
@given(seeds, versions, extras, sizes, losses)
def test_with_logs_missing_nothing_wrong_is_observed_and_each_hop_not_seen_is_a_gap_of_the_log_that_is_missing(
    seed: int, version: str, having: list[str], messages: int, lose: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, removed = Path(name) / "S", [parse_loss(text) for text in lose]
        truth = built(Path(name), seed, version, having, tuple(lose), messages)
        assert wrong_claims(folder, truth) == []
        assert unexplained(folder, truth, removed) == []
        assert idle_gaps(folder, truth, removed) == []
