"""Real traces, queues and pastes (../shared): each recognised, each row right, the inner error's class by an ingest."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tracelens import pipeline, store

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of all traces and queues."""
    place = tmp_path_factory.mktemp("traces") / "S"
    cases = [path for number in ("03", "06", "07", "12", "13") for path in (SHARED / "cases").glob(f"{number}-*")]
    pipeline.ingest([SHARED / "corpus" / "exo-trace", *cases], place)
    return place


def files(folder: Path) -> dict[str, tuple[object, ...]]:
    rows = store.ask(folder, "select path, format, state, event_count, reject_count from log_file").rows()
    return {Path(path).name: tuple(rest) for path, *rest in rows}


def test_each_file_is_recognised(folder: Path) -> None:
    found = files(folder)
    assert {
        name: found[name] for name in found if found[name][0] in ("exo_trace_json", "exo_validation", "get_queue")
    } == {
        "connector-validation-2015-gb.txt": ("exo_validation", "ingested", 2, 0),
        "connector-validation-2017-us.txt": ("exo_validation", "ingested", 2, 0),
        "connector-validation-pl.txt": ("exo_validation", "ingested", 2, 4),
        "reporting-webservice-messagetrace.jsonl": ("exo_trace_json", "ingested", 2, 0),
        "queue.txt": ("get_queue", "ingested", 1, 0),
        "queue-lasterror.txt": ("get_queue", "ingested", 2, 0),
        "queue-error.txt": ("get_queue", "ingested", 1, 0),
    }
    assert found["SEND-placeholders.LOG"] == ("pasted_smtp_send", "ingested", 0, 7)
    # a conversation typed into telnet is no log of a server
    assert found["telnet.txt"][1] == "skipped"


def test_reporting_rows_have_their_utc_and_size(folder: Path) -> None:
    rows = store.ask(
        folder,
        "select date_time, status, from_ip, message_bytes, network_message_id, line_number from exo_trace_event"
        " where kind = 'reporting' order by line_number",
    ).rows()
    assert rows == [
        (datetime(2022, 7, 25, 12, 26, 13, 240000), "GettingStatus", "192.0.2.1", 87680,
         "3b4fc661-180d-4c2f-60c9-08da6e38dd10", 1),
        (datetime(2022, 8, 24, 12, 43, 12, 170000), "Delivered", None, 0, "1203cd7a-18d5-4a92-4343-08da85ce34c9", 2),
    ]  # fmt: skip


def test_validation_rows_stand_once_for_each_recipient_in_utc(folder: Path) -> None:
    rows = store.ask(
        folder,
        "select date_time, event, recipient_address, line_number from exo_trace_event where kind = 'validation'"
        " and date_time < timestamp '2018-01-01' order by date_time, line_number, recipient_address",
    ).rows()
    assert rows == [
        (datetime(2015, 8, 18, 8, 33, 18), "RECEIVE", "user.a@example.com", 1),
        (datetime(2015, 8, 18, 8, 33, 18), "RECEIVE", "user.b@example.com", 1),
        (datetime(2015, 8, 18, 8, 33, 18), "SETROUTE", "user.a@example.com", 12),
        (datetime(2017, 4, 4, 16, 44, 18), "RECEIVE", "user1@contoso.com", 1),
        (datetime(2017, 4, 4, 16, 44, 18), "RECEIVE", "user2@contoso.com", 1),
        (datetime(2017, 4, 4, 16, 44, 19), "SETROUTE", "user2@contoso.com", 12),
    ]


def test_case_06_recipient_not_found_and_a_torn_record(folder: Path) -> None:
    rows = store.ask(
        folder,
        "select date_time, event, status, line_number from exo_trace_event where kind = 'validation'"
        " and date_time >= timestamp '2018-01-01' order by line_number",
    ).rows()
    assert rows == [
        (datetime(2018, 8, 2, 11, 52, 22), "RECEIVE", None, 1),
        (datetime(2018, 8, 2, 11, 52, 22), "RECIPIENTINFO", "NotFound.OneOff.Resolver.CreateRecipientItems.10", 12),
    ]
    torn = store.ask(
        folder, "select r.line_number from reject r join log_file f using (file_id) where f.format = 'exo_validation'"
    )
    assert sorted(torn["line_number"]) == [23, 24, 25, 26]


def test_queues_keep_their_facts(folder: Path) -> None:
    rows = store.ask(
        folder,
        "select server, identity, status, message_count, retry_count, next_hop_domain, next_hop_category, date_time"
        " from queue_state where identity is not null",
    ).rows()
    assert rows == [("DAGSERVER5", "DAGSERVER5\\322120", "Retry", 1, 17, "fabrikam.com", "External", None)]


def test_the_inner_error_of_a_queue_names_its_class(folder: Path) -> None:
    rows = store.ask(
        folder,
        "select f.path, r.line_number, c.class, r.direction from reply r join reply_class c on c.text = r.text"
        " join log_file f on f.file_id = r.file_id where r.log = 'queue' order by f.path, r.line_number",
    ).rows()
    assert [(Path(path).parent.name[:2], line, class_, direction) for path, line, class_, direction in rows] == [
        ("03", 1, "tls", "send"),
        ("07", 1, "proxy", "send"),
        ("07", 2, "proxy", "send"),
        ("12", 1, "routing", "send"),
    ]
