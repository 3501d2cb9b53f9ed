"""Troubles planted by the simulator are found, each by its own rule, at the right place, with the right count."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tracelens import pipeline, store
from tracelens.rulebook import SEVERITIES
from tracelens.simulate import simulate

COUNTED = [
    "auth-bruteforce", "auth-spray", "cap-back-pressure", "delivery-mailbox-full", "proxy-backend-connect-fail",
    "proxy-outbound-frontend-failed", "proxy-service-not-available", "prx-dns", "prx-generic",
    "relay-denied-non-accepted", "relay-open-to-internet", "session-silence", "tls-nocredentials", "tls-old-protocol",
]  # fmt: skip
# the truth has one row for the whole event; the rule counts what was named in it
BY_NAME = {"relay-denied-then-allowed": 3, "relay-probe-syntax": 7}


def read(folder: Path, tmp: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Gives the planted troubles and the findings."""
    pipeline.ingest([folder], tmp / "S")
    truth = pl.read_parquet(folder / "truth.parquet").filter(pl.col("record") == "trouble")
    return truth, store.ask(tmp / "S", "select * from finding")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, pl.DataFrame]:
    tmp = tmp_path_factory.mktemp("planted")
    simulate(tmp / "logs", messages=1500, servers=3, days=1, seed=7)
    return read(tmp / "logs", tmp)


def told_by(findings: pl.DataFrame, place: dict[str, object]) -> pl.DataFrame:
    """Gives the findings that a planted trouble belongs to: where a finding names a place, it is that one."""
    return findings.filter(
        pl.all_horizontal(
            pl.col(name).is_null() | (pl.col(name) == place[name]) for name in ("server", "remote_ip", "connector_id")
        )
    )


def test_every_kind_of_planted_trouble_is_looked_for(told: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    assert set(told[0]["trouble"]) == {*COUNTED, *BY_NAME}


@pytest.mark.parametrize("trouble", [*COUNTED, *BY_NAME])
def test_a_planted_trouble_is_found_where_and_as_often_as_it_happened(
    told: tuple[pl.DataFrame, pl.DataFrame], trouble: str
) -> None:
    truth = told[0].filter(pl.col("trouble") == trouble)
    findings = told[1].filter(pl.col("rule_id") == trouble)
    by_finding: dict[str, int] = {}
    for place in truth.to_dicts():
        found = told_by(findings, place)
        assert found.height == 1, place
        row = found.row(0, named=True)
        by_finding[row["finding_key"]] = by_finding.get(row["finding_key"], 0) + place["hit_count"]
        slack = timedelta(seconds=15)
        assert row["first_at"] - slack <= place["first_at"] <= row["last_at"] + slack
        assert row["first_at"] - slack <= place["last_at"] <= row["last_at"] + slack
        assert row["evidence"]
    for key, hits in by_finding.items():
        counted = findings.filter(pl.col("finding_key") == key)["hit_count"].item()
        assert counted == BY_NAME.get(trouble, hits)


def test_what_was_not_planted_is_not_found(told: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    planted = {*told[0]["remote_ip"], *told[0]["server"]}
    loud = told[1].filter(pl.col("severity").is_in(SEVERITIES[2:]))
    assert loud.height >= len(COUNTED) - 4
    assert [row for row in loud.to_dicts() if row["remote_ip"] not in planted and row["server"] not in planted] == []
    # a consequence, told by another rule than the one the trouble is named after
    companions = {"relay-success-external"}
    assert set(loud["rule_id"]) - set(told[0]["trouble"]) - companions == set()


def test_outage_and_compromise_stand_above_misconfiguration_probe_and_inventory(
    told: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    level = {
        row["rule_id"]: SEVERITIES.index(row["severity"])
        for row in told[1].sort(pl.col("severity").replace_strict(list(SEVERITIES), range(5))).to_dicts()
    }
    compromise = min(level[rule] for rule in ("relay-open-to-internet", "relay-denied-then-allowed"))
    outage = min(level[rule] for rule in ("cap-back-pressure", "proxy-backend-connect-fail", "tls-nocredentials"))
    probe = [level[rule] for rule in ("relay-probe-syntax", "auth-bruteforce", "auth-spray")]
    inventory = [level[rule] for rule in ("tls-old-protocol", "relay-inventory-device", "delivery-mailbox-full")]
    assert compromise > outage > max(probe) >= min(probe) > max(inventory)


@pytest.mark.parametrize(
    ("seed", "days", "version", "extras"),
    [(7, 1, "2019", []), (3, 2, "2016", ["edge", "hybrid", "old"]), (11, 2, "2013", ["nat", "collisions"])],
)
def test_an_estate_without_troubles_raises_no_alarm(
    tmp_path: Path, seed: int, days: int, version: str, extras: list[str]
) -> None:
    simulate(
        tmp_path / "logs", messages=600, servers=3, days=days, seed=seed, version=version, troubles=False, extras=extras,
        exports=bool(extras),
    )  # fmt: skip
    truth, findings = read(tmp_path / "logs", tmp_path)
    assert truth.is_empty()
    loud = findings.filter(pl.col("severity") != "info")
    assert loud.select("rule_id", "severity", "summary").to_dicts() == []
