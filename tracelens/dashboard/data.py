"""Answers for the pages: one saved question on the live store, cached until the next ingest."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from tracelens import query
from tracelens import store as stores
from tracelens.config import setting
from tracelens.dashboard import zone
from tracelens.errors import StoreError

TIMEOUT_S = 60
TRIES = 3
BOUND = re.compile(r"\blimit (\d+)\s*$")
HOURLY_LIMIT = timedelta(days=10)


def store_path() -> Path:
    """Gives the store to show: `--store PATH` after the script's name, else the setting `store`."""
    words = sys.argv[1:]
    for at, word in enumerate(words):
        if word.startswith("--store="):
            return Path(word.removeprefix("--store="))
        if word == "--store" and at + 1 < len(words):
            return Path(words[at + 1])
    return Path(setting("store"))


def fingerprint() -> str:
    """Gives a text that changes with each published generation; empty when there is no store.

    Raises:
        StoreError: The folder is not a store.
    """
    for _ in range(TRIES - 1):
        try:
            return stores.fingerprint(store_path())
        except (StoreError, OSError):  # an ingest published between two looks
            continue
    return stores.fingerprint(store_path())


def ask(name: str, /, **params: Any) -> pl.DataFrame:
    """Answers the saved question `queries/<name>.sql`; once more if an ingest has published meanwhile.

    Raises:
        QueryError: The question fails or takes longer than a minute.
        StoreError: There is no store.
    """
    for _ in range(TRIES):
        before = fingerprint()
        try:
            return _ask(before, str(store_path()), name, tuple(sorted(params.items())))
        except StoreError:
            if fingerprint() == before:
                raise
    return _ask(fingerprint(), str(store_path()), name, tuple(sorted(params.items())))


@st.cache_data(max_entries=200, show_spinner="Reading the store …")
def _ask(generation: str, store: str, name: str, params: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    assert generation is not None  # a part of the key only
    return query.ask(store, name, timeout_s=TIMEOUT_S, **dict(params))


def most(name: str) -> int | None:
    """Gives how many rows a saved question answers at most; None where it has no bound of its own."""
    found = BOUND.search(query.question(name))
    return int(found[1]) if found else None


def one(name: str, /, **params: Any) -> dict[str, Any] | None:
    """Gives the first row of an answer, or None.

    Raises:
        QueryError: The question fails.
        StoreError: There is no store.
    """
    rows = ask(name, **params).head(1).to_dicts()
    return rows[0] if rows else None


def path(message_key: str) -> query.Path:
    """Gives the path of one message, without its log rows.

    Raises:
        QueryError: The store has no such message.
        StoreError: There is no store.
    """
    return _path(fingerprint(), str(store_path()), message_key)


@st.cache_data(max_entries=20, show_spinner="Reading the store …")
def _path(generation: str, store: str, message_key: str) -> query.Path:
    assert generation is not None  # a part of the key only
    return query.path(store, message_key)


def bucket(first_at: datetime | None, last_at: datetime | None) -> str:
    """Gives the width of one time step: hours while they stay readable, else days."""
    if first_at is None or last_at is None or last_at - first_at <= HOURLY_LIMIT:
        return "hour"
    return "day"


def steps(name: str, /, bucket: str, **params: Any) -> pl.DataFrame:
    """Answers a question that counts per hour (column `hour`, parameter `bucket`), in hours or days of the zone shown.

    Raises:
        QueryError: The question fails.
        StoreError: There is no store.
    """
    return in_steps(ask(name, bucket="hour", **params), bucket)


def held(bucket: str, server: str, logs: Collection[str]) -> set[datetime]:
    """Gives the hours or days of the zone shown in which one of these logs has rows, of one server or of any.

    Raises:
        QueryError: The question fails.
        StoreError: There is no store.
    """
    frame = ask("coverage", bucket="hour").filter(
        (pl.col("event_count") > 0) & pl.col("log").is_in(list(logs)) & ((pl.col("server") == server) | (server == ""))
    )
    return set(in_steps(frame.select("hour"), bucket)["hour"].to_list())


def in_steps(frame: pl.DataFrame, bucket: str, moment: str = "hour") -> pl.DataFrame:
    """Gives counts per UTC hour, named by a column, as counts per hour or day of the zone shown."""
    shown = zone.local(frame)
    if bucket == "hour":
        return shown
    groups = [column for column, kind in shown.schema.items() if not kind.is_numeric()]
    return (
        shown.with_columns(pl.col(moment).dt.truncate("1d"))
        .group_by(groups, maintain_order=True)
        .agg(pl.selectors.numeric().sum())
    )
