"""Which connector should have taken a session, and which did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import pytest

from tests.configuration.given import Row, connector, given, session

EVERYBODY = ("0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
DEFAULT = connector("Default Frontend EX01", *EVERYBODY)


def choice(con: duckdb.DuckDBPyConnection, connectors: list[Row], seen: Row) -> dict[str, Any]:
    with given(con, receive_connector=connectors, session=[seen]):
        found: dict[str, Any] = con.sql("select * from connector_choice").pl().to_dicts()[0]
    return found


@pytest.mark.parametrize(
    ("client", "wanted"),
    [
        ("10.0.20.9", "Printers"), ("::ffff:10.0.20.9", "Printers"), ("10.0.20.200", "Floor"), ("10.9.9.9", "House"),
        ("203.0.113.9", "Default Frontend EX01"), ("2001:db8::7", "Labs"), ("2001:db8::8%4", "Default Frontend EX01"),
    ],
)  # fmt: skip
def test_the_smallest_range_takes_the_client(con: duckdb.DuckDBPyConnection, client: str, wanted: str) -> None:
    connectors = [
        DEFAULT, connector("House", "10.0.0.0/8"), connector("Floor", "10.0.20.77(255.255.255.0)"),
        connector("Printers", "10.0.20.1-10.0.20.20"), connector("Labs", "2001:db8::7"),
    ]  # fmt: skip
    found = choice(con, connectors, session("a", client, wanted))
    assert (found["expected_connector"], found["state"]) == (f"EX01\\{wanted}", "agrees")


def test_another_port_address_or_server_does_not_count(con: duckdb.DuckDBPyConnection) -> None:
    others = [
        connector("Port", "10.0.20.9", bindings=["0.0.0.0:587"]),
        connector("Address", "10.0.20.9", bindings=["10.0.10.99:25"]),
        connector("Family", "10.0.20.9", bindings=["[::]:25"]),
        connector("Off", "10.0.20.9", enabled=False),
        connector("Server", "10.0.20.9", server="EX02", identity="EX02\\Server"),
    ]
    found = choice(con, [DEFAULT, *others], session("a", "10.0.20.9", "Default Frontend EX01"))
    assert (found["expected_connector"], found["state"]) == ("EX01\\Default Frontend EX01", "agrees")


def test_the_exact_binding_wins_a_tie_and_a_tie_without_one_is_told(con: duckdb.DuckDBPyConnection) -> None:
    pair = [connector("A", "10.0.20.0/24"), connector("B", "10.0.20.0/24", bindings=["10.0.10.11:25"])]
    found = choice(con, pair, session("a", "10.0.20.9", "A"))
    assert (found["expected_connector"], found["state"], found["is_ambiguous"]) == ("EX01\\B", "differs", False)
    pair = [connector("A", "10.0.20.0/24"), connector("B", "10.0.20.0/24")]
    assert choice(con, pair, session("a", "10.0.20.9", "B"))["state"] == "agrees"
    assert choice(con, pair, session("a", "10.0.20.9", "B"))["is_ambiguous"]


@pytest.mark.parametrize(
    ("connectors", "seen", "state", "reason"),
    [
        ([], session("a", "10.0.20.9", "Relay"), "no configuration", "no export"),
        ([DEFAULT], session("a", None, "Default Frontend EX01"), "no configuration", "address or port"),
        ([DEFAULT], session("a", "10.0.20.9", "x", service="delivery", local_port=475), "no configuration", "delivery"),
        ([connector("Relay", "10.0.20.1")], session("a", "10.0.20.9", "Other"), "no configuration", "not in the export"),
        ([connector("Relay", "10.0.20.1")], session("a", "10.0.20.9", "Relay"), "no connector matches", "range"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_said(
    con: duckdb.DuckDBPyConnection, connectors: list[Row], seen: Row, state: str, reason: str
) -> None:
    rows = connectors or [connector("Elsewhere", "10.0.0.1", server="EX09", identity="EX09\\Elsewhere")]
    found = choice(con, rows, seen)
    assert found["state"] == state
    assert reason in found["reason"]


@pytest.mark.parametrize(
    ("extra", "is_younger"),
    [
        ('{"WhenChangedUTC": "3/5/2026 9:14:11 PM"}', True), ('{"WhenChangedUTC": "2/5/2026 9:14:11 AM"}', False),
        ('{"WhenChanged": "05.02.2026 09:14:11"}', False), ('{"WhenChanged": "05.03.2026 09:14:11"}', True),
        ('{"WhenChangedUTC": "2026-03-05T09:14:11.0000000Z"}', True), ('{"WhenChanged": "05/03/2026 09:14:11"}', None),
        (None, None),
    ],
)  # fmt: skip
def test_an_export_younger_than_the_traffic_is_told(
    con: duckdb.DuckDBPyConnection, extra: str | None, is_younger: bool | None
) -> None:
    connectors = [DEFAULT, connector("Relay", "10.0.20.0/24", extra=extra)]
    seen = session("a", "10.0.20.9", "Default Frontend EX01", opened_at=datetime(2026, 3, 2, 8))
    found = choice(con, connectors, seen)
    assert (found["state"], found["is_changed_since"]) == ("differs", is_younger)


def test_the_newest_of_two_exports_counts(con: duckdb.DuckDBPyConnection) -> None:
    old = connector("Relay", "10.0.20.0/24", extra='{"WhenChangedUTC": "1/5/2026 9:14:11 AM"}')
    new = connector("Relay", "10.0.30.0/24", extra='{"WhenChangedUTC": "2/5/2026 9:14:11 AM"}', file_id=2)
    for rows in ([DEFAULT, old, new], [new, old, DEFAULT]):
        assert choice(con, rows, session("a", "10.0.30.9", "Relay"))["state"] == "agrees"
        assert choice(con, rows, session("a", "10.0.20.9", "Relay"))["state"] == "differs"
