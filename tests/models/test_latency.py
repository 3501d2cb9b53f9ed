"""Latency trees of message-info, what is usual on a route, and how times are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import Result

from tracelens import delay, query, store
from tracelens.build import models
from tracelens.latency import latency_text

SQL = {model.name: model.sql for model in models()}
DELIVERED = (
    "2024-01-07T00:00:05.535Z;SRV=mbx1.example.com:TOTAL-FE=0.074|SMR=0.072(SMRPI=0.002(SMRPI-FrontendProxyAgent=0.002))"
    "|SMS=0.002;LSRV=mbx1.example.com:TOTAL-HUB=1.921|SMR=0.127(SMRDE=0.002|SMRC=0.125(SMRCL=0.105|X-SMRCR=0.125))"
    "|CAT=1.698(CATORES=1.567(CATRS=1.566(CATRS-Transport Rule Agent=0.117(X-ETREX=0.002)|CATRS-Index Routing Agent"
    "=1.444)))|QDM=0.010|UNK=0.034"
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def parsed(con: duckdb.DuckDBPyConnection, *infos: str | tuple[str | None, str]) -> list[dict[str, Any]]:
    """Gives the parts of texts; a text alone belongs to message `m`."""
    con.execute(
        "create or replace table track(file_id bigint, line_number bigint, message_key varchar, date_time timestamp,"
        " message_info varchar)"
    )
    for number, info in enumerate(infos):
        key, text = ("m", info) if isinstance(info, str) else info
        con.execute("insert into track values (1, ?, ?, timestamp '2026-03-02 08:00:00', ?)", [number, key, text])
    return con.sql(f"select * from ({SQL['latency_component']}) order by line_number, position").pl().to_dicts()


def brief(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_each_part_knows_what_it_is_inside_of(con: duckdb.DuckDBPyConnection) -> None:
    rows = {row["position"]: row for row in parsed(con, DELIVERED)}
    hub = {row["component"]: row for row in rows.values() if row["service"] == "HUB"}
    chain, part = [], hub["X-ETREX"]
    while part:
        chain.append(part["component"])
        part = rows.get(part["parent_position"], {})
    assert chain == ["X-ETREX", "CATRS-Transport Rule Agent", "CATRS", "CATORES", "CAT", "TOTAL-HUB"]
    assert rows[hub["QDM"]["parent_position"]]["component"] == "TOTAL-HUB"


def test_parts_have_kinds_agents_and_milliseconds(con: duckdb.DuckDBPyConnection) -> None:
    found = {(row["service"], row["component"]): row for row in parsed(con, DELIVERED)}
    assert found["HUB", "CATRS-Index Routing Agent"]["agent"] == "Index Routing Agent"
    assert found["HUB", "CATRS-Index Routing Agent"]["duration_ms"] == 1444
    kinds = {name: row["kind"] for name, row in found.items()}
    assert kinds["HUB", "QDM"] == "queue"
    assert kinds["HUB", "CAT"] == "categoriser"
    assert kinds["HUB", "SMR"] == kinds["HUB", "X-SMRCR"] == "smtp"
    assert kinds["FE", "SMS"] == "proxy"
    assert kinds["FE", "SMRPI-FrontendProxyAgent"] == "agent"
    assert kinds["HUB", "UNK"] == "other"
    assert kinds["FE", "TOTAL-FE"] == "total"


def test_parts_still_running_are_marked_and_a_blank_before_a_bracket_is_no_fault(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = parsed(
        con,
        "SRV=a.example.com:TOTAL-SUB=0.524|SA=0.048|MTSS-PEN=0.477(MTSSD-PEN=0.477(SDSSO-PEN=0.045 (SMSC=0.008)))"
        ";SRV=b.example.com:TOTAL-DEL=1.111|D-PEN=0.938",
    )
    assert brief(rows, "server", "component", "kind", "duration_ms", "is_incomplete") == [
        ("A", "TOTAL-SUB", "total", 524, False),
        ("A", "SA", "store", 48, False),
        ("A", "MTSS", "store", 477, True),
        ("A", "MTSSD", "store", 477, True),
        ("A", "SDSSO", "store", 45, True),
        ("A", "SMSC", "smtp", 8, False),
        ("B", "TOTAL-DEL", "total", 1111, False),
        ("B", "D", "queue", 938, True),
    ]


@pytest.mark.parametrize(
    ("info", "ms"),
    [
        ("2018-08-20T09:32:36.448Z;SRV=HUB12.example.com:TOTAL=3", 3000),
        ("LSRV=mbx2.example.com:TOTAL-HUB=0.687;2016-09-01T19:52:54.021Z", 687),
        ("SRV=mbx2.example.com:TOTAL-HUB=0,687", 687),
    ],
    ids=["2010", "time behind", "decimal comma"],
)
def test_other_forms_are_read(con: duckdb.DuckDBPyConnection, info: str, ms: int) -> None:
    assert brief(parsed(con, info), "kind", "duration_ms") == [("total", ms)]


@pytest.mark.parametrize("text", ["TOTAL=1|(x", "TOTAL=1|SMR=0.5(SMRC=0.1", "TOTAL=soon", "SMR=1", ""])
def test_what_does_not_parse_is_kept_as_it_is(con: duckdb.DuckDBPyConnection, text: str) -> None:
    rows = parsed(con, f"2026-03-02T08:00:00.000Z;SRV=a.example.com:{text};SRV=b.example.com:TOTAL-HUB=1")
    assert brief(rows, "kind", "component") == [("unparsed", f"SRV=a.example.com:{text}"), ("total", "TOTAL-HUB")]


def test_a_later_row_that_repeats_a_server_adds_nothing(con: duckdb.DuckDBPyConnection) -> None:
    rows = parsed(con, "LSRV=a.example.com:TOTAL-HUB=1", "SRV=a.example.com:TOTAL-HUB=1;LSRV=b.example.com:TOTAL-DEL=2")
    assert brief(rows, "line_number", "server", "is_own") == [(0, "A", True), (1, "B", True)]


def test_rows_that_name_no_message_keep_their_parts_apart(con: duckdb.DuckDBPyConnection) -> None:
    rows = parsed(con, (None, "LSRV=a.example.com:TOTAL-SUB=1"), (None, "LSRV=a.example.com:TOTAL-SUB=1"))
    assert brief(rows, "line_number", "message_key") == [(0, None), (1, None)]


def route(con: duckdb.DuckDBPyConnection, times: list[int]) -> dict[str, Any]:
    con.execute(
        "create or replace table hop as select 'm' || i as message_key, 'EX01' as from_server, 'EX02' as to_server, 'deliver' as kind,"
        " 'accepted' as outcome, cast(null as bigint) as wait_ms, cast(null as bigint) as wait_bound_ms, ms as corrected_ms"
        " from (select unnest($times) as ms, generate_subscripts($times, 1) as i)",
        {"times": times},
    )
    con.execute("create or replace table message as select message_key, false as is_noise from hop")
    return con.sql(SQL["route_delay"]).pl().to_dicts()[0]


def test_one_slow_hand_over_does_not_change_what_is_usual(con: duckdb.DuckDBPyConnection) -> None:
    found = route(con, [100] * 20 + [110] * 19 + [60_000])
    assert (found["hop_count"], found["median_ms"], found["usual_ms"], found["has_history"]) == (40, 100, 110, True)


def test_few_hand_overs_are_no_history(con: duckdb.DuckDBPyConnection) -> None:
    assert route(con, [100] * 29)["has_history"] is False
    assert route(con, [100] * 30)["has_history"] is True


def hop(**changed: Any) -> dict[str, Any]:
    row = {
        "kind": "deliver",
        "transit_ms": 90_000,
        "corrected_ms": 50,
        "bound_ms": 8,
        "wait_ms": 2000,
        "wait_bound_ms": 5,
    }
    return row | changed


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "50 ms ± 8 ms"),
        ({"bound_ms": 5}, "50 ms"),
        ({"bound_ms": 60}, "within clock error (± 60 ms)"),
        ({"corrected_ms": None, "bound_ms": None}, "1.5 min by two clocks not compared"),
        ({"corrected_ms": None, "bound_ms": None, "transit_ms": None}, ""),
        ({"kind": "expand"}, ""),
    ],
)
def test_a_time_shorter_than_its_error_is_not_claimed(changed: dict[str, Any], told: str) -> None:
    assert delay.took(hop(**changed)) == told


def test_a_wait_within_clock_error_is_not_claimed_either() -> None:
    assert delay.waited(hop(wait_bound_ms=3000)) == "within clock error (± 3 s)"
    assert delay.waited(hop(wait_ms=900)) == ""


def test_the_block_names_the_longest_parts_and_escapes_what_a_log_says() -> None:
    part = {"server": "a\x1b[31m", "service": "HUB", "kind": "agent", "component": "X\x07", "is_incomplete": True}
    verdict = {
        "verdict": "slower than usual", "hop_number": 2, "kind": "deliver", "from_place": "EX01", "to_place": "EX02",
        "measure": "transit", "taken_ms": 9000, "median_ms": 80, "usual_ms": 120, "hop_count": 400,
    }  # fmt: skip
    text = latency_text([part | {"own_ms": 3000}, part | {"own_ms": 10}], [verdict])
    assert "\x1b" not in text and "\x07" not in text
    assert "(not finished)" in text
    assert "and 1 shorter parts  10 ms" in text
    assert "hop 2 deliver EX01 → EX02: transit 9 s, usually 80 ms, at most 120 ms (400 hand-overs)" in text


def test_a_store_tells_where_the_time_of_each_delivered_message_went(sample_store: Path) -> None:
    key = store.ask(
        sample_store, "select message_key from latency_component where kind = 'agent' order by 1 limit 1"
    ).item()
    parts = query.ask(sample_store, "message_latency", message=key)
    totals = store.ask(
        sample_store, f"select server, service, max(duration_ms) as ms from latency_component where message_key = '{key}'"
        " and kind = 'total' group by all",
    )  # fmt: skip
    assert abs(parts["own_ms"].sum() - totals["ms"].sum()) <= 10  # each part is rounded to a millisecond


def test_the_longest_silence_of_the_store_names_the_command_that_waited(sample_store: Path) -> None:
    found = query.ask(sample_store, "session_silence", key="", silence=100_000, limit=10).to_dicts()
    assert brief(found, "silence_ms", "waited_command", "waited_for") == [
        (300_008, "MAIL FROM:<office@example.com>", "the remote side")
    ]
    moments = query.ask(sample_store, "session_silence", key="", silence=1, limit=100_000)
    body = pl.col("waited_command").str.contains("^(BDAT|DATA)") & pl.col("waited_for").str.contains(
        "rest of the message"
    )
    assert set(moments.filter(body)["direction"]) == {"receive", "send"}


def test_session_without_a_key_lists_the_longest_silences(call: Callable[..., Result], sample_store: Path) -> None:
    done = call("session", "--silence", 100, "--format", "json", "--store", sample_store)
    assert [(row["silence_ms"], row["waited_for"]) for row in json.loads(done.stdout)] == [(300_008, "the remote side")]
    assert "MAIL FROM:<office@example.com>" in call("session", "--silence", 100, "--store", sample_store).stdout


def test_hops_begin_along_the_path_whatever_the_clocks_say() -> None:
    root = hop(
        hop_key="a", parent_hop_key=None, after_parent_ms=None, started_at=datetime(2026, 3, 2, 8), ended_at=None
    )
    behind = root | {
        "hop_key": "b",
        "parent_hop_key": "a",
        "after_parent_ms": 40,
        "started_at": datetime(2026, 3, 2, 7, 58, 30),
    }
    last = behind | {"hop_key": "c", "parent_hop_key": "b", "after_parent_ms": 100}
    assert delay.begins([root, behind, last]) == [0, 40, 140]
    assert delay.begins([root, behind | {"after_parent_ms": None}]) == [0, -90_000]
