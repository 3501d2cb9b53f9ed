"""Coverage by hour and its states; gaps and the reasons they give."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.models.made import Made, ask

HOUR = 3600
PATH = "EX01/TransportRoles/Logs/Hub/ProtocolLog/SmtpReceive/RECV20260302"


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two servers: one lost an hour of its receive log, the other began late and logs no SMTP."""
    made = Made()
    for hour in (0, 2):
        for number in range(4):
            made.talk(
                hour * HOUR + number, "EX01", "hub", "receive", f"{hour}{number}", "10.0.0.1:2525", "10.0.0.2:4000"
            )
    for hour in (0, 1, 2):
        for number in range(6):
            made.track(hour * HOUR + number, "EX01", "RECEIVE", internal_message_id=hour * 10 + number,
                       message_id=f"<a{hour}{number}@example.com>")  # fmt: skip
    for number in range(6):
        made.track(HOUR + number, "EX02", "RECEIVE", internal_message_id=number, message_id=f"<b{number}@example.com>")
    # handed to EX02 an hour before its log begins, and to EX03, of which nothing is here
    for number, (server, hour) in enumerate((("EX02", 0), ("EX03", 0)), 90):
        made.track(hour * HOUR + 9, "EX01", "SEND", internal_message_id=number, message_id=f"<c{number}@example.com>",
                   connector_id="Intra-Organization SMTP Send Connector", network_message_id=f"c{number}",
                   source_context=f";250 2.6.0 <c{number}@example.com> [InternalId=5{number}, Hostname={server}.contoso.com];ClientSubmitTime:")  # fmt: skip
    for instance in (1, 3):
        made.rows.setdefault("log_file", []).append(
            {"file_id": 100 + instance, "path": f"{PATH}12-{instance}.LOG", "server": "EX01", "service": "hub",
             "format": "smtp_receive", "state": "ingested"}
        )  # fmt: skip
    con = made.build()
    yield con
    con.close()


def states(con: duckdb.DuckDBPyConnection, server: str, log: str) -> list[str]:
    rows = ask(con, f"select state from coverage where server = '{server}' and log = '{log}' order by hour")
    return [row["state"] for row in rows]


def test_an_hour_without_rows_of_a_busy_log_is_a_hole(built: duckdb.DuckDBPyConnection) -> None:
    assert states(built, "EX01", "smtp_receive") == ["covered", "hole", "covered"]


def test_hours_outside_what_is_here_of_a_log_are_before_its_first_or_after_its_last_file(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert states(built, "EX02", "message_tracking") == ["before first file", "covered", "after last file"]


def test_an_instance_number_that_is_missing_in_the_names_is_counted(built: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        built, "select file_hole_count from coverage where server = 'EX01' and log = 'smtp_receive' order by hour"
    )
    assert [row["file_hole_count"] for row in rows] == [1, 0, 0]


def test_a_gap_names_server_log_and_hour_and_why(built: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        built,
        "select server, log, hour, reason from gap where message_key in ('c90', 'c91') and side = 'after' order by 1",
    )
    assert [(row["server"], row["log"], row["hour"].hour, row["reason"].split(":")[0]) for row in rows] == [
        ("EX02", "message_tracking", 12, "before retention"), ("EX03", "message_tracking", 12, "server not loaded"),
    ]  # fmt: skip


def test_a_log_that_only_other_servers_write_here_is_off(built: duckdb.DuckDBPyConnection) -> None:
    assert states(built, "EX02", "smtp_receive") == ["off", "off", "off"]
