"""Real exports of Get-MessageTrackingLog (../shared): recognised, whole, with right UTC times."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tracelens import pipeline, store

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout")
TRACKING = SHARED / "corpus" / "message-tracking"


def ingest(path: Path, tmp_path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    pipeline.ingest([path], tmp_path / "S")
    rows = store.ask(tmp_path / "S", "select * from tracking_event order by line_number").to_dicts()
    return rows, store.ask(tmp_path / "S", "select * from log_file").to_dicts()[0]


def test_one_delivery_as_a_list_from_an_english_shell_in_summer(tmp_path: Path) -> None:
    rows, entry = ingest(TRACKING / "ex2010-get-mtl-fl-deliver.txt", tmp_path)
    assert [(row["date_time"], row["event_id"], row["server"]) for row in rows] == [
        (datetime(2015, 9, 6, 0, 2, 44), "DELIVER", "EXCHANGE2010")
    ]
    assert rows[0]["message_subject"] == 'Healthy: "My first test" in app "my blog site"'
    assert entry["format"] == "get_mtl_list"
    assert entry["reject_count"] == 0
    assert "UTC+01:00" in entry["reason"] and "more results" in entry["reason"]


def test_columns_by_tabs_from_an_american_shell_in_summer(tmp_path: Path) -> None:
    rows, entry = ingest(TRACKING / "ex2010-get-mtl-select.tsv", tmp_path)
    assert [(row["date_time"], row["event_id"], row["server"]) for row in rows] == [
        (datetime(2018, 8, 20, 9, 32, 37), "RECEIVE", "HUB12"),
        (datetime(2018, 8, 20, 9, 32, 37), "DELIVER", "MBX68"),
        (datetime(2018, 8, 20, 7, 9, 52), "RECEIVE", "HUB13"),
    ]
    assert rows[1]["custom_data"] == "S:MailboxDatabaseName=dag25-store3;S:DatabaseHealth=-1"
    assert entry["format"] == "get_mtl_table"
    assert "UTC+02:00" in entry["reason"]


def test_case_02_is_one_failure_with_its_times_in_utc(tmp_path: Path) -> None:
    rows, entry = ingest(SHARED / "cases" / "02-deliverfail-max-submission-ru" / "tracking-fl.txt", tmp_path)
    assert [(row["date_time"], row["event_id"], row["server"]) for row in rows] == [
        (datetime(2020, 10, 7, 16, 27, 20), "DELIVERFAIL", "EXCH003"),
        (datetime(2020, 10, 7, 16, 27, 20), "FAIL", "EXCH003"),
    ]
    assert "UTC+03:00" in entry["reason"]
    assert rows[0]["message_subject"] == "Заседание + Материалы во вложении."
    assert "5.59176:000000194C69" in rows[0]["recipient_status"][0]
    assert "SDDCM=0.383" in rows[0]["message_info"]
    assert "IsSmtpResponseFromExternalServer=False" in rows[1]["custom_data"]
    assert rows[1]["reference"].startswith("<22954c5f")
    legs = store.ask(tmp_path / "S", "select recipient_address, status from leg").rows()
    assert legs == [("user2019@contoso.ru.example", "failed")]


def test_case_03_has_dutch_times_and_all_its_rows(tmp_path: Path) -> None:
    rows, entry = ingest(SHARED / "cases" / "03-outbound-proxy-frontend-ipv6" / "tracking-fl.txt", tmp_path)
    assert [(row["date_time"], row["event_id"]) for row in rows] == [
        (datetime(2021, 1, 15, 21, 6, 1), "HAREDIRECT"),
        (datetime(2021, 1, 15, 21, 6, 1), "RECEIVE"),
        (datetime(2021, 1, 15, 21, 6, 1), "AGENTINFO"),
        (datetime(2021, 1, 15, 21, 6, 2), "TRANSFER"),
    ]
    assert {row["server"] for row in rows} == {"DAGSERVER5"}
    assert rows[0]["source_context"].endswith("Queued mail for redundancy")
    assert rows[3]["internal_message_id"] == 293969036574748
    assert rows[3]["reference"] == "293969036574747"
    assert "UTC+01:00" in entry["reason"]
