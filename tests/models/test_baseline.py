"""What is usual in an hour of the week: middle and spread, silent hours counted, said to be unknown until there is enough."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

from tracelens.build import models

MONDAY = datetime(2026, 3, 2, 8)
MODELS = {model.name: model.sql for model in models() if model.name in ("activity_hour", "baseline")}


def baseline(counts: list[int], hours_held: int | None = None) -> dict[str, object]:
    """Gives the row of a client that sent so many messages in each week's Monday, 08:00; the logs hold those hours."""
    con = duckdb.connect()
    con.execute("""create table "transaction" (session_key varchar, started_at timestamp, server varchar, service varchar,
        connector_id varchar, remote_ip varchar, auth_user varchar, direction varchar, is_accepted boolean,
        is_noise boolean, server_auth boolean, evidence struct(file_id bigint, line_number bigint)[])""")
    con.execute("create table coverage (log varchar, hour timestamp)")
    for week in range(hours_held or len(counts)):
        con.execute("insert into coverage values ('smtp_receive', ?)", [MONDAY + timedelta(weeks=week)])
    for week, count in enumerate(counts):
        for number in range(count):
            moment = MONDAY + timedelta(weeks=week, seconds=number)
            con.execute(
                """insert into "transaction" values (?, ?, 'EX01', 'frontend', 'EX01\\C', '10.0.20.31', null, 'receive',
                    true, false, false, [{'file_id': 1, 'line_number': 7}])""",
                [f"{week}-{number}", moment],
            )
    for name, sql in MODELS.items():
        con.execute(f"create table {name} as {sql}")
    row = con.execute("select * from baseline where entity_kind = 'client'").fetchone()
    assert row is not None
    return dict(zip([column[0] for column in con.description or []], row, strict=True))


def test_the_middle_and_the_spread_are_robust_against_one_burst() -> None:
    row = baseline([4, 5, 6, 5, 90])
    assert (row["median_count"], row["mad_count"], row["most_count"]) == (5, 1, 90)
    assert (row["state"], row["hour_of_week"], row["week_count"]) == ("known", 8, 5)


def test_hours_in_which_the_client_was_silent_count_as_none() -> None:
    row = baseline([4, 0, 0, 0, 6])
    assert (row["median_count"], row["busy_count"], row["week_count"]) == (0, 2, 5)


@pytest.mark.parametrize("weeks", [1, 4])
def test_too_few_weeks_are_not_enough_history(weeks: int) -> None:
    assert baseline([5] * weeks)["state"] == "not enough history"


def test_weeks_whose_logs_are_missing_are_no_silent_weeks() -> None:
    assert baseline([5, 5, 5, 5, 5], hours_held=5)["median_count"] == 5
    row = baseline([5, 5, 5], hours_held=6)
    assert (row["week_count"], row["median_count"]) == (6, 0)
