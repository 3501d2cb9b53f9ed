"""The page SQL: any SELECT, saved questions, limits, downloads; never a change."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from tracelens import query
from tracelens import store as stores
from tracelens.dashboard import console
from tracelens.errors import QueryError

Show = Callable[..., AppTest]
ENDLESS = "select count(*) from range(100000000) a, range(100000000) b"


def told(at: AppTest) -> str:
    return "\n".join(str(part.value) for kind in ("caption", "error", "info") for part in at.get(kind))


def run(at: AppTest, sql: str) -> AppTest:
    at.text_area(key="sql_text").set_value(sql)
    return at.button(key="sql_run").click().run()


def test_a_question_opened_from_a_page_is_shown_with_its_values_and_answered(show: Show, sample_store: Path) -> None:
    values = json.dumps({"limit": 3, "what": "relays", "server": "", "since": "2026-03-02 00:00:00"})
    at = show(sample_store, "90_sql", question="relay_source", **{"with": values})
    text = at.text_area(key="sql_text").value
    assert "limit 3" in text and "timestamp '2026-03-02 00:00:00'" in text and "$" not in text
    assert not at.error
    assert set(at.dataframe[-1].value["what"]) == {"relays"}


def test_a_typed_question_is_answered_with_its_count_of_rows(show: Show, sample_store: Path) -> None:
    at = run(show(sample_store, "90_sql"), "select server, count(*) as n from session group by server")
    assert "2 rows in" in told(at)
    assert set(at.dataframe[-1].value.columns) == {"server", "n"}


def test_a_question_in_the_address_is_not_run_by_itself(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "90_sql", sql="select 41 + 1 as answer")
    assert at.text_area(key="sql_text").value == "select 41 + 1 as answer"
    assert "rows in" not in told(at) and "row in" not in told(at)
    assert "1 row in" in told(at.button(key="sql_run").click().run())


@pytest.mark.parametrize(
    "sql", ["drop table session", "copy session to 'x.csv'", "select 1; select 2", "attach 'x.duckdb'"]
)
def test_what_is_no_single_select_is_refused_in_words(show: Show, sample_store: Path, sql: str) -> None:
    at = run(show(sample_store, "90_sql"), sql)
    assert not at.exception
    assert at.error


def test_values_in_the_address_cannot_break_out_of_their_quotes(sample_store: Path) -> None:
    text = console.opened({"question": "ledger", "with": json.dumps({"text": "' or '1'='1", "state": None})})
    assert stores.ask(sample_store, text).is_empty()


def test_an_unknown_question_in_the_address_is_said(show: Show, sample_store: Path) -> None:
    at = show(sample_store, "90_sql", question="no\nsuch")
    assert not at.exception
    assert at.text_area(key="sql_text").value == '-- there is no saved question "no\\nsuch"'


@pytest.mark.parametrize("name", sorted(console.QUESTIONS))
def test_every_saved_question_can_be_asked_as_it_stands(sample_store: Path, name: str) -> None:
    stores.ask(sample_store, query.filled(name, {}), limit=10)


def test_times_lists_and_nothing_are_written_as_sql() -> None:
    text = query.filled(
        "report_sender", {"since": datetime(2026, 3, 2, 8), "clients": ["192.0.2.1"], "by_address": True}
    )
    assert "timestamp '2026-03-02 08:00:00'" in text
    assert "list_contains(['192.0.2.1'], h.from_ip)" in text
    assert "case when true then" in text


def test_a_running_question_can_be_called_off(show: Show, sample_store: Path) -> None:
    at = run(show(sample_store, "90_sql"), ENDLESS)
    at.button(key="sql_cancel").click().run()
    job = at.session_state["sql_job"]
    assert job.is_done(30)
    assert job.error is not None and job.error.what == "called off"
    at = at.run()
    assert "Called off after" in told(at)
    assert not at.error


def test_a_question_stops_at_its_time_limit(sample_store: Path) -> None:
    with pytest.raises(QueryError, match="stopped after"):
        stores.ask(sample_store, ENDLESS, timeout_s=0.2, stop=threading.Event())


def test_a_limit_keeps_the_order_asked_for(sample_store: Path) -> None:
    sql = "select range as n from range(100000) order by n desc"
    assert stores.ask(sample_store, sql, limit=3)["n"].to_list() == [99999, 99998, 99997]


def test_a_long_answer_is_cut_in_words(show: Show, sample_store: Path) -> None:
    at = run(show(sample_store, "90_sql"), "select range as n from range(150000)")
    assert "The first 100,000 rows" in told(at)
    assert "the table shows 10,000" in told(at)
    assert len(at.dataframe[-1].value) == 10_000


def test_lists_structures_and_wide_numbers_become_what_a_table_can_hold() -> None:
    frame = pl.DataFrame({"a": [[1, 2]], "b": [{"x": "y"}], "c": [b"\x00\xff"]}).with_columns(
        pl.lit(7).cast(pl.Int128).alias("d")
    )
    shown = console.showable(frame)
    assert shown.row(0) == ("1; 2", "y", "00ff", 7)
    assert shown.schema["d"] == pl.Int64


def test_an_answer_can_be_drawn(show: Show, sample_store: Path) -> None:
    at = run(show(sample_store, "90_sql"), "select server, count(*) as n from session group by server")
    at = at.run()
    at.session_state["sql_view"] = "Chart"
    at = at.run()
    assert not at.exception
    assert at.get("plotly_chart")
