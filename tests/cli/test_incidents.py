"""`tracelens findings --incidents`: what belongs together, as stories."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tracelens import store


def test_incidents_are_told_in_five_lines_with_their_raw_rows(call: Callable[..., Result], sample_store: Path) -> None:
    told = call("findings", "--incidents", "--severity", "medium", "--store", sample_store)
    assert told.exit_code == 0
    first = told.stdout.split("\n\n")[0]
    assert re.findall(r"^  (What|When|Whom|With it|Do):", first, flags=re.M) == [
        "What",
        "When",
        "Whom",
        "With it",
        "Do",
    ]
    assert re.search(r"^  Evidence: .+\.LOG:\d+$", first, flags=re.M)


def test_an_incident_lists_its_findings(call: Callable[..., Result], sample_store: Path) -> None:
    told = call("findings", "--incidents", "--store", sample_store, "--format", "json")
    largest = max(json.loads(told.stdout), key=lambda row: row["finding_count"])
    listed = call("findings", "--incident", largest["incident_key"], "--store", sample_store, "--format", "json")
    rows = json.loads(listed.stdout)
    assert len(rows) == largest["finding_count"] > 1
    assert rows[0]["title"] == largest["title"]
    assert call("findings", "--incident", "nowhere", "--store", sample_store).exit_code == 1


def test_each_finding_is_in_exactly_one_incident(sample_store: Path) -> None:
    rows = store.ask(
        sample_store,
        "select f.finding_key, count(i.incident_key) as n from finding f left join incident_finding i using (finding_key)"
        " group by all having n <> 1",
    )
    assert rows.is_empty()
    assert store.ask(sample_store, "select incident_key from incident group by 1 having count(*) > 1").is_empty()
