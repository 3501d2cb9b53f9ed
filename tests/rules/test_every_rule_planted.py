"""A planted trouble for every rule: found where and when it was planted, and nothing else is loud for itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tracelens import pipeline, store
from tracelens.rulebook import load_rules
from tracelens.simulate import Clocks, simulate
from tracelens.simulate.catalogue import PLANTS
from tracelens.simulate.history import PAST
from tracelens.simulate.mistakes import CHANGED, CONNECTORS, UNUSED, scenes
from tracelens.simulate.scenes import SCENES
from tracelens.simulate.tales import TALES

Rows = list[dict[str, Any]]
WRONG = Clocks({"EX03": 5000}, {"EX02": {"2026-03-02T12:30:00": 6000}})
ESTATES: Mapping[str, Mapping[str, Any]] = {
    "catalogue": {"messages": 200, "servers": 3},
    "conduct": {"messages": 200, "servers": 3, "troubles": False, "clocks": WRONG},
    "mistakes": {"messages": 160, "servers": 2, "days": 8, "hours": (8, 10), "troubles": False},
    "history": {"messages": 40, "servers": 1, "days": 32, "hours": (9, 12), "troubles": False},
}
ELSEWHERE = {  # planted by the configuration's own troubles, by wrong clocks and among headers
    "mistakes": {"config-external-authoritative-wide", "config-range-overlap", "config-wildcard-accepted-domain", "config-log-gap"},
    "conduct": {"topo-clock-offset", "topo-clock-step", "header-not-confirmed"},
}  # fmt: skip
ABSENT = {"config-log-gap", "behaviour-traffic-cliff"}
"""What tells of rows that are not there can show none."""
PLANTED = {
    "catalogue": {plant.rule for plant in PLANTS},
    "conduct": {told.rule for told in (*SCENES, *TALES)} | ELSEWHERE["conduct"],
    "mistakes": {rule for made in (*CONNECTORS, UNUSED) for rule in made.rules}
    | {rule for _, rules in CHANGED.values() for rule in rules}
    | {scene.rule for scene in scenes("EX01", "EX02") if scene.rule}
    | ELSEWHERE["mistakes"],
    "history": {dated.what.rule for dated in PAST if dated.what.rule},
}
OF_THE_DAY = {  # planted unasked and counted in test_planted.py
    "auth-bruteforce", "auth-spray", "cap-back-pressure", "delivery-mailbox-full", "proxy-backend-connect-fail",
    "proxy-outbound-frontend-failed", "proxy-service-not-available", "prx-dns", "prx-generic", "relay-denied-non-accepted",
    "relay-denied-then-allowed", "relay-open-to-internet", "relay-probe-syntax", "session-silence", "tls-nocredentials",
    "tls-old-protocol",
}  # fmt: skip
CASES = [(estate, rule) for estate, rules in PLANTED.items() for rule in sorted(rules)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Rows, Rows]]:
    """By estate: the planted troubles, and the findings with the incident of each; an estate is made when asked for."""
    tmp = tmp_path_factory.mktemp("planted")

    class Told(dict[str, tuple[Rows, Rows]]):
        def __missing__(self, name: str) -> tuple[Rows, Rows]:
            self[name] = read(name, tmp / name)
            return self[name]

    return Told()


def read(name: str, folder: Path) -> tuple[Rows, Rows]:
    """Makes an estate and reads it, with what it says of itself."""
    simulate(folder / "logs", seed=7, extras=[name], **ESTATES[name])
    settings = folder / "logs" / "tracelens.toml"
    roles = tomllib.loads(settings.read_text())["inventory"] if settings.exists() else ()
    pipeline.ingest([folder / "logs"], folder / "S", inventory=roles)
    truth = pl.read_parquet(folder / "logs" / "truth.parquet").filter(pl.col("record") == "trouble").to_dicts()
    findings = "select f.*, i.incident_key from finding f join incident_finding i on i.finding_key = f.finding_key"
    return truth, store.ask(folder / "S", findings).to_dicts()


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


def test_every_rule_has_a_planted_trouble() -> None:
    planted = OF_THE_DAY.union(*PLANTED.values())
    assert {rule.id for rule in load_rules()} == planted


def test_each_text_of_the_catalogue_is_planted_once() -> None:
    names = [plant.rule for plant in PLANTS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("estate", ESTATES)
def test_the_truth_names_what_is_planted(told: Mapping[str, tuple[Rows, Rows]], estate: str) -> None:
    unasked = OF_THE_DAY if ESTATES[estate].get("troubles", True) else set()
    assert {row["trouble"] for row in told[estate][0]} - unasked == PLANTED[estate]


@pytest.mark.parametrize(("estate", "name"), CASES)
def test_a_trouble_is_found_where_and_when_it_was_planted(
    told: Mapping[str, tuple[Rows, Rows]], estate: str, name: str
) -> None:
    truth, findings = told[estate]
    for place in [row for row in truth if row["trouble"] == name]:
        found = own(findings, place)
        assert found
        assert name in ABSENT or all(row["evidence"] for row in found)
        times = [row for row in found if row["first_at"]]
        if place["first_at"] and times:
            # the truth has the begin of each conversation; a clock's jump shows at the next hand-over
            slack = timedelta(minutes=15 if name == "topo-clock-step" else 1)
            assert min(row["first_at"] for row in times) <= place["last_at"] + slack
            assert max(row["last_at"] for row in times) >= place["first_at"] - slack


@pytest.mark.parametrize("estate", ESTATES)
def test_whatever_else_is_loud_belongs_to_the_incident_of_a_planted_trouble(
    told: Mapping[str, tuple[Rows, Rows]], estate: str
) -> None:
    truth, findings = told[estate]
    planted = {row["finding_key"]: row["incident_key"] for place in truth for row in own(findings, place)}
    loud = [row for row in findings if row["severity"] != "info" and row["finding_key"] not in planted]
    stray = [row for row in loud if row["incident_key"] not in planted.values()]
    assert [(row["rule_id"], row["summary"]) for row in stray] == []
