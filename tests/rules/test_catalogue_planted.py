"""One trouble for each rule that a text or a few commands make fire: found where it was planted, and nothing else alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from tracelens import pipeline, store
from tracelens.rulebook import load_rules
from tracelens.simulate import simulate
from tracelens.simulate.catalogue import PLANTS

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows]:
    """The planted troubles, and the findings with the incident of each."""
    tmp = tmp_path_factory.mktemp("catalogue")
    simulate(tmp / "logs", messages=200, servers=3, days=1, seed=7, extras=["catalogue"])
    pipeline.ingest([tmp / "logs"], tmp / "S")
    truth = pl.read_parquet(tmp / "logs" / "truth.parquet").filter(pl.col("record") == "trouble").to_dicts()
    findings = "select f.*, i.incident_key from finding f join incident_finding i on i.finding_key = f.finding_key"
    return truth, store.ask(tmp / "S", findings).to_dicts()


def own(findings: Rows, place: dict[str, Any]) -> Rows:
    """Gives the findings of the planted rule at the planted place; where either names no place, any is right."""
    return [
        row
        for row in findings
        if row["rule_id"] == place["trouble"]
        and all(
            not place[name] or row[name] is None or row[name] == place[name]
            for name in ("server", "remote_ip", "connector_id")
        )
    ]


def test_each_plant_is_named_after_a_rule_and_planted_once() -> None:
    names = [plant.rule for plant in PLANTS]
    assert len(names) == len(set(names)) > 80
    assert set(names) <= {rule.id for rule in load_rules()}


@pytest.mark.parametrize("name", [plant.rule for plant in PLANTS])
def test_a_trouble_of_the_catalogue_is_found_where_and_when_it_was_planted(told: tuple[Rows, Rows], name: str) -> None:
    places = [row for row in told[0] if row["trouble"] == name]
    assert len(places) == 1
    found = own(told[1], places[0])
    assert found and all(row["evidence"] for row in found)
    session = timedelta(minutes=1)  # the truth has the begin of each conversation
    assert min(row["first_at"] for row in found) <= places[0]["last_at"] + session
    assert max(row["last_at"] for row in found) >= places[0]["first_at"] - session


def test_whatever_else_is_loud_belongs_to_the_incident_of_a_planted_trouble(told: tuple[Rows, Rows]) -> None:
    planted = {row["finding_key"]: row["incident_key"] for place in told[0] for row in own(told[1], place)}
    loud = [row for row in told[1] if row["severity"] != "info" and row["finding_key"] not in planted]
    stray = [row for row in loud if row["incident_key"] not in planted.values()]
    assert [(row["rule_id"], row["summary"]) for row in stray] == []
