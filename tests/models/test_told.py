"""Headers and cloud traces in the path: what a log confirms, what it contradicts, what only they tell."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tracelens import store
from tracelens.build import build
from tracelens.footing import ambiguous_lines
from tracelens.pipeline import ingest
from tracelens.query import question
from tracelens.schema import LOG_FILE, REJECT, REPLY_CLASS
from tracelens.simulate import simulate
from tracelens.store import EVENT_TABLES, create_table

FORGED = """Received: from EX02.contoso.com (10.0.10.12) by EX01.contoso.com
 (10.0.10.11) with Microsoft SMTP Server id 15.2.1748.10; Mon, 02 Mar 2026 10:30:00 +0000
Received: from mx.example.com (192.0.2.25) by relay.example.net
 (198.51.100.9) with ESMTPS id abc; Mon, 02 Mar 2026 10:29:00 +0000
From: <eve@example.com>
To: <anna@contoso.com>
Message-ID: <forged@example.com>
"""
START = datetime(2026, 3, 2, 8)
OUTLOOK = "250 2.6.0 <{}> [InternalId=77, Hostname=AM0PR01.eurprd01.prod.outlook.com] Queued mail for delivery"


def tracking(**row: Any) -> dict[str, Any]:
    at = row.get("line_number", 1)
    return {"server": "EX01", "date_time": START + timedelta(seconds=at), "source": "SMTP", "file_id": 1,
            "message_id": "<a@contoso.com>", "recipient_address": ["bob@contoso.com"]} | row  # fmt: skip


def cloud(**row: Any) -> dict[str, Any]:
    return {"date_time": START, "kind": "summary", "message_id": "<a@contoso.com>", "file_id": 9, "line_number": 2,
            "recipient_address": "bob@contoso.com", "status": "Delivered"} | row  # fmt: skip


def sent_to_cloud(message: str = "a@contoso.com") -> list[dict[str, Any]]:
    """Gives the tracking rows of a message that EX01 takes in and hands to the cloud."""
    mid = f"<{message}>"
    return [
        tracking(event_id="RECEIVE", internal_message_id=5, client_ip="10.0.0.9", client_hostname="scan-2f", server_ip="10.0.0.1",
                 connector_id="EX01\\Relay", message_id=mid, line_number=1),
        tracking(event_id="SENDEXTERNAL", internal_message_id=5, client_ip="10.0.0.1", server_ip="203.0.113.7",
                 server_hostname="contoso-com.mail.protection.outlook.com", connector_id="Outbound to Office 365",
                 source_context=f"08DD;{OUTLOOK.format(message)};ClientSubmitTime:", message_id=mid, line_number=2),
    ]  # fmt: skip


def built(**tables: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """Builds all models from given rows."""
    con = duckdb.connect()
    for table in (LOG_FILE, REJECT, REPLY_CLASS, *EVENT_TABLES):
        create_table(con, table)
    for name, rows in tables.items():
        con.register("given", pl.from_dicts(rows, infer_schema_length=None).to_arrow())
        con.execute(f'insert into "{name}" by name select * from given')
        con.unregister("given")
    build(con)
    return con


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return list(con.execute(sql).fetchall())


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of three servers, and the headers of delivered messages."""
    out = tmp_path_factory.mktemp("told")
    simulate(out, messages=120, servers=3, seed=7, headers=40)
    return out


@pytest.fixture(scope="module")
def full(estate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of all logs and headers, a forged header among them."""
    (estate / "headers" / "forged.eml").write_text(FORGED, encoding="utf-8")
    folder = tmp_path_factory.mktemp("full") / "S"
    ingest([estate], folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def half(estate: Path, full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without the logs of EX03."""
    logs = tmp_path_factory.mktemp("half")
    shutil.copytree(estate, logs / "L", ignore=lambda _, names: [name for name in names if name == "EX03"])
    ingest([logs / "L"], logs / "S", workers=1)
    return logs / "S"


def test_true_headers_are_confirmed_line_by_line(full: Path) -> None:
    found = store.ask(
        full, "select state, count(*) as lines from header_check where message_id not like 'forged%' group by 1"
    )
    assert found["state"].to_list() == ["confirmed"]
    assert found["lines"][0] > 80


def test_a_confirmed_line_is_a_witness_of_the_hop(full: Path) -> None:
    found = store.ask(
        full,
        "select count(*) filter (list_contains(h.evidence, {file_id: c.file_id, line_number: c.line_number})) as seen,"
        " count(*) filter (h.basis = 'observed') as observed, count(*) as n"
        " from header_check c join hop h on h.hop_key = c.hop_key where c.state = 'confirmed'",
    ).row(0)
    assert found[0] == found[1] == found[2] > 80


def test_headers_change_no_hop_and_no_leg_that_logs_show(estate: Path, full: Path, tmp_path: Path) -> None:
    logs = tmp_path / "L"
    shutil.copytree(estate, logs, ignore=lambda _, names: [name for name in names if name == "headers"])
    ingest([logs], tmp_path / "S", workers=1)
    for asked in (
        "select hop_key, hop_number, parent_hop_key, kind, from_server, to_server, started_at, ended_at, basis from hop"
        " where basis <> 'reported' order by all",
        "select message_key, recipient_address, status, final_at from leg order by all",
        "select message_key, status, origin_ip, origin_class, total_ms from message where message_id <> 'forged@example.com' order by all",
    ):
        assert store.ask(full, asked).equals(store.ask(tmp_path / "S", asked))


def test_a_host_of_ours_that_the_logs_contradict_is_not_confirmed(full: Path) -> None:
    found = store.ask(
        full,
        "select role, state, reason, hop_key from header_check where message_id like 'forged%' order by hop_number",
    )
    assert found["state"].to_list() == ["reported", "not confirmed"]
    assert "both hosts are not ours" in found["reason"][0]
    assert "EX01" in found["reason"][1] and "no such hand-over" in found["reason"][1]
    assert found["hop_key"][1] is None


def test_a_contradicted_line_is_a_finding(full: Path) -> None:
    found = store.ask(full, "select * from finding where rule_id = 'header-not-confirmed'").to_dicts()
    assert len(found) == 1
    assert "forged@example.com" in found[0]["summary"]
    assert found[0]["message_key"] == "id:forged@example.com"


def test_without_the_logs_of_a_server_its_lines_fill_the_path_as_reported(full: Path, half: Path) -> None:
    lost = store.ask(
        half,
        "select * from header_check where state = 'reported' and by_server is null and role = 'other' and by_host like 'EX03%'",
    )
    assert lost.is_empty()
    told = store.ask(
        half,
        "select m.message_id, h.kind, h.from_server, h.to_server, h.to_service from hop h"
        " join message m on m.message_key = h.message_key where h.basis = 'reported' and m.message_id not like 'forged%'",
    )
    truth = store.ask(
        full,
        "select m.message_id, h.kind, h.from_server, h.to_server, h.to_service from hop h"
        " join message m on m.message_key = h.message_key where h.kind <> 'receive'",
    )
    assert told.height > 5
    assert set(told["to_server"]) == {"EX03"}
    inner = told.filter(told["kind"] != "receive")
    assert inner.join(truth, on=inner.columns, how="anti", nulls_equal=True).to_dicts() == []


def test_beside_each_reported_hop_a_gap_names_the_log_that_is_missing(half: Path) -> None:
    found = store.ask(
        half,
        "select h.kind, g.server, g.log, g.reason from hop h left join gap g on g.after_hop_key = h.hop_key"
        " and g.server = h.to_server where h.basis = 'reported' and h.to_service in ('frontend', 'hub', 'delivery')",
    )
    assert set(found["server"]) == {"EX03"}
    assert set(found.filter(found["kind"] == "receive")["log"]) == {"smtp_receive"}
    assert all(reason.startswith("server not loaded") for reason in found["reason"])


def test_what_only_a_header_claims_is_no_route_and_no_client(full: Path) -> None:
    assert set(store.ask(full, "select server from route where server is not null")["server"]) <= {
        "EX01",
        "EX02",
        "EX03",
    }
    told = {"kind": "received", "server": "EX01", "by_host": "EX01.contoso.com", "via": "Frontend Transport", "text": "Received: x",
            "from_host": "x", "from_ip": "203.0.113.99", "message_id": "<x@example.net>", "date_time": START, "hop_number": 1,
            "file_id": 2, "line_number": 1}  # fmt: skip
    con = built(
        tracking_event=[tracking(event_id="RECEIVE", internal_message_id=5, server_ip="10.0.0.1")], header_hop=[told]
    )
    assert rows(con, "select to_server, basis from hop where from_ip = '203.0.113.99'") == [("EX01", "reported")]
    window = {"since": datetime(2026, 1, 1), "until": datetime(2027, 1, 1), "server": "", "connector": ""}
    clients = con.execute(question("report_client"), window).fetchall()
    assert "203.0.113.99" not in [row[0] for row in clients]


def test_no_true_line_is_called_forged_when_logs_are_missing(half: Path) -> None:
    found = store.ask(
        half, "select * from header_check where state = 'not confirmed' and message_id not like 'forged%'"
    )
    assert found.to_dicts() == []


def test_reported_hops_stand_in_the_tree_where_the_header_says(full: Path, half: Path) -> None:
    tree = (
        "select c.message_key, p.to_server || ' ' || p.to_service as above, h.to_server || ' ' || h.to_service as here from hop h"
        " join hop p on p.hop_key = h.parent_hop_key join message c on c.message_key = h.message_key"
        " where h.kind in ('proxy', 'transfer', 'deliver') and c.message_key in"
        " (select message_key from header_check where message_id not like 'forged%') order by all"
    )  # fmt: skip
    wanted, seen = store.ask(full, tree), store.ask(half, tree)
    assert seen.join(wanted, on=seen.columns, how="anti").to_dicts() == []
    assert seen.height >= wanted.height * 0.8


def test_a_foreign_host_of_the_same_short_name_is_not_ours() -> None:
    named = {"server": "EX01", "client_hostname": "EX01.contoso.com", "client_ip": "10.0.0.1"}
    con = built(
        tracking_event=[
            tracking(event_id="SEND", internal_message_id=at, line_number=at, server_ip="10.0.0.2", **named)
            for at in (1, 900)
        ],
        header_hop=[
            {"kind": "received", "server": "EX01", "by_host": host, "from_host": "a.example.net", "message_id": "<x@example.net>",
             "date_time": START + timedelta(minutes=5), "hop_number": at, "text": f"Received: {host}", "file_id": 2, "line_number": 9 - at}
            for at, host in enumerate(("ex01.fabrikam.com", "ex01.contoso.com"), 1)
        ],
    )  # fmt: skip
    assert rows(con, "select by_host, state from header_check order by hop_number") == [
        ("ex01.fabrikam.com", "reported"),
        ("ex01.contoso.com", "not confirmed"),
    ]


def test_what_the_cloud_delivered_is_delivered_although_our_logs_end_at_its_door() -> None:
    con = built(tracking_event=sent_to_cloud(), exo_trace_event=[cloud()])
    assert rows(con, "select recipient_address, status, basis from leg") == [
        ("bob@contoso.com", "delivered", "reported")
    ]
    assert rows(con, "select status from message") == [("delivered",)]


def test_the_hand_over_to_the_cloud_is_one_hop_and_the_delivery_hangs_below_it() -> None:
    con = built(tracking_event=sent_to_cloud(), exo_trace_event=[cloud()])
    assert rows(con, "select hop_number, kind, from_server, to_server, basis from hop order by 1") == [
        (1, "receive", None, "EX01", "observed"),
        (2, "external", "EX01", "Exchange Online", "observed"),
        (3, "deliver", "Exchange Online", "Exchange Online", "reported"),
    ]
    assert rows(con, "select server from gap where server = 'Exchange Online'") == []
    assert rows(con, "select h.kind, p.kind from hop h join hop p on p.hop_key = h.parent_hop_key order by 1") == [
        ("deliver", "external"),
        ("external", "receive"),
    ]


def test_each_status_word_of_the_cloud_has_its_status() -> None:
    words = {"Delivered": "delivered", "Failed": "failed", "Quarantined": "quarantined", "FilteredAsSpam": "dropped",
             "Pending": "in transit", "GettingStatus": "in transit", "Expanded": "expanded", "Something new": "relayed"}  # fmt: skip
    people = [f"p{at}@contoso.com" for at in range(len(words))]
    logged = [row | {"recipient_address": people} for row in sent_to_cloud()]
    told = [
        cloud(status=word, recipient_address=who, line_number=at)
        for at, (word, who) in enumerate(zip(words, people, strict=True))
    ]
    con = built(tracking_event=logged, exo_trace_event=told)
    assert rows(con, "select recipient_address, status from leg order by 1") == list(
        zip(people, words.values(), strict=True)
    )


def test_a_delivery_that_our_logs_show_stands_against_the_cloud() -> None:
    given = [
        tracking(
            event_id="RECEIVE",
            internal_message_id=5,
            client_ip="203.0.113.7",
            client_hostname="mail.outlook.com",
            server_ip="10.0.0.1",
            line_number=1,
        ),
        tracking(
            event_id="DELIVER",
            source="STOREDRIVER",
            internal_message_id=5,
            client_hostname="EX01",
            server_hostname="EX01",
            line_number=2,
        ),
    ]
    con = built(tracking_event=given, exo_trace_event=[cloud(status="Failed", to_ip="198.51.100.2")])
    assert rows(con, "select status, basis from leg") == [("delivered", "observed")]


def test_mail_from_the_cloud_begins_there() -> None:
    given = [
        tracking(
            event_id="RECEIVE",
            internal_message_id=5,
            client_ip="203.0.113.7",
            client_hostname="mail.outlook.com",
            server_ip="10.0.0.1",
        )
    ]
    con = built(tracking_event=given, exo_trace_event=[cloud(from_ip="192.0.2.5", to_ip="198.51.100.2")])
    assert rows(con, "select kind, from_server, to_server, basis from hop order by hop_number") == [
        ("receive", None, "Exchange Online", "reported"),
        ("receive", "Exchange Online", "EX01", "observed"),
    ]


def test_mail_that_comes_back_to_the_cloud_by_way_of_us_visits_it_twice() -> None:
    told = [
        cloud(from_ip="192.0.2.5", to_ip="198.51.100.2", date_time=START - timedelta(seconds=9), line_number=2),
        cloud(from_ip="198.51.100.2", date_time=START + timedelta(seconds=3), line_number=3),
    ]
    given = [row | {"client_ip": "203.0.113.7"} if row["line_number"] == 1 else row for row in sent_to_cloud()]
    con = built(tracking_event=given, exo_trace_event=told)
    assert rows(con, "select kind, from_server, to_server, basis from hop order by hop_number") == [
        ("receive", None, "Exchange Online", "reported"),
        ("receive", "Exchange Online", "EX01", "observed"),
        ("external", "EX01", "Exchange Online", "observed"),
        ("deliver", "Exchange Online", "Exchange Online", "reported"),
    ]
    assert rows(con, "select count(*) from hop where parent_hop_key is null") == [(1,)]
    assert rows(con, "select recipient_address, status from leg") == [("bob@contoso.com", "delivered")]


def test_what_the_cloud_sends_on_for_us_is_relayed_and_not_delivered() -> None:
    con = built(tracking_event=sent_to_cloud(), exo_trace_event=[cloud(from_ip="198.51.100.2", to_ip="192.0.2.25")])
    assert rows(con, "select kind, from_server, to_server, to_ip, basis from hop order by hop_number")[1:] == [
        ("external", "EX01", "Exchange Online", "203.0.113.7", "observed"),
        ("external", "Exchange Online", None, "192.0.2.25", "reported"),
    ]
    assert rows(con, "select status, basis from leg") == [("relayed", "reported")]


def test_single_events_and_a_summary_of_one_visit_stay_one_visit() -> None:
    told = [
        cloud(from_ip="192.0.2.5", to_ip="198.51.100.2", line_number=2),
        cloud(kind="detail", status=None, event="Receive", date_time=START + timedelta(seconds=0.4), line_number=3),
        cloud(kind="detail", status=None, event="Send external", date_time=START + timedelta(seconds=2), line_number=4),
    ]  # fmt: skip
    con = built(exo_trace_event=told)
    assert rows(con, "select count(*) from hop where kind = 'receive'") == [(1,)]


def test_a_message_that_only_the_cloud_saw_is_a_message() -> None:
    con = built(exo_trace_event=[cloud(subject="Hi", sender_address="ann@example.com", network_message_id="0a1b")])
    assert rows(con, "select message_key, message_subject, sender_address, status, hop_count from message") == [
        ("0a1b", "Hi", "ann@example.com", "delivered", 2)
    ]


def test_a_report_tells_how_a_relayed_message_ended() -> None:
    told = {"kind": "diagnostic", "message_id": "<a@contoso.com>", "recipient_address": "bob@contoso.com",
            "status_code": "5.1.1", "text": "550 5.1.1 User unknown", "file_id": 4, "line_number": 3,
            "date_time": START}  # fmt: skip
    con = built(tracking_event=sent_to_cloud(), header_hop=[told])
    assert rows(con, "select status, reason_code, basis from leg") == [("failed", "5.1.1", "reported")]


def test_one_message_id_of_two_messages_is_joined_to_neither() -> None:
    given = [
        tracking(event_id="RECEIVE", internal_message_id=at, network_message_id=f"n{at}", line_number=at)
        for at in (1, 2)
    ]
    con = built(tracking_event=given, exo_trace_event=[cloud()])
    assert [key for (key,) in rows(con, "select message_key from message order by 1")] == [
        "id:a@contoso.com",
        "n1",
        "n2",
    ]


def test_two_messages_that_fit_equally_well_are_named_and_neither_is_chosen() -> None:
    con = built(tracking_event=sent_to_cloud())
    asked = {"message": rows(con, "select message_key from message")[0][0]}
    con.execute(
        "insert into link by name select * from (values ('transaction', 's#1', 'message', $message, 'J17', 'ambiguous'),"
        " ('transaction', 's#1', 'message', 'other', 'J17', 'ambiguous'))"
        " v(from_kind, from_key, to_kind, to_key, join_name, basis)",
        asked,
    )
    found = con.execute(question("ambiguous_link"), asked).fetchall()
    assert found == [("J17", "transaction", "s#1", "message", asked["message"])]
    names = ("join_name", "from_kind", "from_key", "to_kind", "to_key")
    told = ambiguous_lines([dict(zip(names, row, strict=True)) for row in found])
    assert "not used" in told[0]
    assert "J17  transaction s#1 ~ message" in told[1]


def test_one_hand_over_confirms_one_line_however_often_a_forger_copies_it() -> None:
    def line(number: int, seconds: int, **more: Any) -> dict[str, Any]:
        return {"kind": "received", "server": "EX01", "by_host": "EX01.contoso.com", "text": f"Received: {number}", "from_host": "mx",
                "from_ip": "192.0.2.9", "date_time": START + timedelta(seconds=seconds), "hop_number": number, "file_id": 2,
                "line_number": 40 - number, "message_id": "<a@contoso.com>"} | more  # fmt: skip

    def taken(seconds: int, message: str) -> dict[str, Any]:
        return tracking(event_id="RECEIVE", internal_message_id=5 + seconds, server_ip="10.0.0.1", client_ip="192.0.2.9", client_hostname="mx.example.com",
                        message_id=f"<{message}>", date_time=START + timedelta(seconds=seconds), line_number=10 + seconds)  # fmt: skip

    twice = {"message_id": "<twice@contoso.com>"}
    con = built(
        tracking_event=[taken(1, "a@contoso.com"), taken(2, "twice@contoso.com"), taken(30, "twice@contoso.com"), taken(90, "end@contoso.com")],
        header_hop=[line(1, 1), line(2, 1), line(1, 2, line_number=80), line(1, 2, file_id=3, **twice), line(2, 3, file_id=3, **twice)],
    )  # fmt: skip
    found = rows(con, "select file_id, line_number, state, hop_key is null from header_check order by all")
    assert found == [
        (2, 38, "confirmed", False), (2, 39, "not confirmed", True), (2, 80, "confirmed", False), (3, 38, "confirmed", False), (3, 39, "confirmed", False),
    ]  # fmt: skip
    assert rows(con, "select count(distinct hop_key) from header_check where file_id = 3") == [(2,)]


def test_header_text_of_the_simulator_is_folded_as_exchange_folds_it(estate: Path) -> None:
    text = (estate / "headers" / "message-001.eml").read_text(encoding="utf-8")
    assert re.search(r"^Received: from .+ by\n .+ with Microsoft SMTP Server\n", text.replace("\r\n", "\n"), flags=re.M)
