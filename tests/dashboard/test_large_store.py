"""A store of far more rows than a browser takes: each page shows without error, and no table of it is larger than 10,000 rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.test_pages import NAMES, frames, messages, opened, texts

MOST_ROWS = 10_000
TIMES = 200
GROWN = (
    "message",
    "leg",
    "hop",
    "session",
    "transaction",
    "reply",
    "logon",
    "envelope_recipient",
    "finding",
    "link",
    "reject",
)


@pytest.fixture(scope="session")
def large_store(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample store with 200 copies of its messages, sessions and what hangs on them, each with keys of its own."""
    store = tmp_path_factory.mktemp("large") / "store"
    shutil.copytree(sample_store, store)
    with duckdb.connect(str(store / (store / "CURRENT").read_text().strip())) as con:
        for table in GROWN:
            columns = con.execute("select column_name, data_type from duckdb_columns() where table_name = ?", [table])
            made = [
                f"\"{name}\" || '#' || n" if name.endswith(("_key", "_id")) and kind == "VARCHAR" and name != "rule_id"
                else f'"{name}"'
                for name, kind in columns.fetchall()
            ]  # fmt: skip
            con.execute(f'insert into "{table}" select {", ".join(made)} from "{table}", range(1, {TIMES}) as r(n)')
    return store


@pytest.mark.parametrize("name", NAMES)
def test_a_large_store_shows_and_no_table_is_too_large(
    show: Callable[..., AppTest], large_store: Path, name: str
) -> None:
    at = show(large_store, name, opened(large_store, name))
    assert not at.exception
    assert not at.error
    assert max((frame.height for frame in frames(at)), default=0) <= MOST_ROWS


def test_a_list_says_how_many_there_are_beyond_what_it_shows(show: Callable[..., AppTest], large_store: Path) -> None:
    page = next(name for name in NAMES if name.endswith("_messages"))
    count = messages(large_store, "true").height
    assert count > MOST_ROWS
    assert f"of {count:,}" in texts(show(large_store, page))
