"""`tracelens report` as a user calls it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result

from tracelens.report import REPORTS

Call = Callable[..., Result]
STRANGER = "203.0.113.90"


def test_the_reports_are_those_that_the_folder_holds() -> None:
    assert REPORTS == (
        "auth", "connectors", "coverage", "decommission", "digest", "failures", "latency", "relay", "tls", "volume",
    )  # fmt: skip


def test_the_description_says_what_each_report_says_of_itself() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, flags=re.M))
    docs = {name: import_module(f"tracelens.report.subjects.{name}").__doc__ or "" for name in REPORTS}
    assert told == {name: doc.splitlines()[0] for name, doc in docs.items()}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize(
    "window", [(), ("--server", "ex02.contoso.com"), ("--since", "2031-01-01", "--until", "2031-01-02")]
)
def test_every_report_answers_any_window(call: Call, sample_store: Path, name: str, window: tuple[str, ...]) -> None:
    for form in ("table", "json", "csv", "html"):
        result = call("report", name, *window, "--store", sample_store, "--format", form)
        assert result.exit_code == 0, result.output
        assert result.stdout
    if "--since" in window:
        text = call("report", name, *window, "--store", sample_store).stdout
        assert "in the window: what only they show is missing here" in text
        assert "Cannot be said: the store holds no rows of" in text


@pytest.mark.parametrize("name", REPORTS)
def test_two_windows_can_be_compared(call: Call, sample_store: Path, name: str) -> None:
    hours = ("--since", "2026-03-02T10:00:00", "--compare-since", "2026-03-02T08:00:00")
    result = call("report", name, *hours, "--store", sample_store)
    assert result.exit_code == 0, result.output
    assert "Compared with 2026-03-02 08:00 to 2026-03-02 10:00 UTC." in result.stdout
    assert "Figures of the two windows" in result.stdout


def test_a_client_that_came_is_new_in_the_comparison(call: Call, sample_store: Path) -> None:
    hours = ("--since", "2026-03-02T10:00:00", "--compare-since", "2026-03-02T08:00:00")
    made = json.loads(call("report", "relay", *hours, "--store", sample_store, "--format", "json").stdout)
    changed = next(part for part in made["sections"] if part["title"] == "Changed: Clients")
    assert {"name": STRANGER, "state": "new", "now": 8.0, "then": None} in changed["rows"]


def test_rows_come_as_csv_and_parquet_section_by_section(call: Call, sample_store: Path) -> None:
    result = call("report", "relay", "--store", sample_store, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["client"]: row["target"] for row in rows}["10.0.20.45"] == "connector relay"
    assert "section 'Clients'; others with --section" in result.stderr
    held = call("report", "relay", "--store", sample_store, "--format", "parquet", "--section", "which target")
    frame = pl.read_parquet(io.BytesIO(held.stdout_bytes))
    assert frame["clients"].sum() == len(rows)


def test_json_names_the_log_rows_behind_a_row(call: Call, sample_store: Path) -> None:
    made = json.loads(call("report", "relay", "--store", sample_store, "--format", "json").stdout)
    clients = made["sections"][0]
    at = [row["client"] for row in clients["rows"]].index(STRANGER) + 1
    behind = [row for row in clients["log_rows"] if row["row"] == at]
    assert behind
    line = Path(behind[0]["file"]).read_text(encoding="utf-8-sig").splitlines()[behind[0]["line"] - 1]
    assert STRANGER in line


def test_the_ending_of_the_file_names_the_form(call: Call, sample_store: Path, tmp_path: Path) -> None:
    page, rows = tmp_path / "relay.html", tmp_path / "relay.csv"
    for out in (page, rows):
        result = call("report", "relay", "--store", sample_store, "--out", out)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"written: {out}" in result.stderr
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert rows.read_text(encoding="utf-8").startswith("client,target,reason")


def test_a_cut_table_names_the_option_that_shows_more(call: Call, sample_store: Path) -> None:
    result = call("report", "relay", "--store", sample_store, "--rows", "2")
    assert "more with --rows" in result.stderr
    assert "... 5 more" in result.stdout


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (("relay", "--client", "10.0.0.1"), "--connector and --client mean nothing to 'relay'", 2),
        (("decommission", "--client", "printer"), "'printer' is no address or range", 2),
        (("relay", "--section", "nothing", "--format", "csv"), "no section 'nothing'", 2),
        (("relay", "--out", "relay.docx"), "names no form", 2),
        (("relay", "--compare-until", "2026-03-02"), "the second window needs both ends", 2),
        (("relay", "--since", "2026-03-03", "--until", "2026-03-02"), "is empty", 2),
        (("relay", "--server", "EX77"), "the store holds no rows of server 'EX77'", 1),
    ],
)
def test_a_wrong_request_says_what_to_do(
    call: Call, sample_store: Path, words: tuple[str, ...], told: str, code: int
) -> None:
    result = call("report", *words, "--store", sample_store)
    assert told in result.stderr
    assert (result.exit_code, result.stdout) == (code, "")


def test_a_range_that_nobody_uses_is_said_to_be_quiet_for_so_many_days(call: Call, sample_store: Path) -> None:
    result = call("report", "decommission", "--client", "10.0.99.0/24", "--store", sample_store)
    assert "Nobody handed in mail in 1 day with rows." in result.stdout


def test_one_address_is_told_by_its_envelope_senders(call: Call, sample_store: Path) -> None:
    result = call("report", "decommission", "--client", "10.0.20.45", "--store", sample_store)
    assert "Not yet: 1 sender still hands in mail here (labels@contoso.com)" in result.stdout
