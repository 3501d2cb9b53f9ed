"""What the page SQL needs beside its widgets: the question in the address, answers that can be shown, downloads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st

from tracelens import query
from tracelens import store as stores
from tracelens.dashboard.job import Job
from tracelens.errors import QueryError
from tracelens.render import flat

SHOWN = 10_000
HELD = 100_000
QUESTIONS = {
    "message": "Messages, newest first",
    "finding": "Findings, the worst first",
    "route": "Who hands what to whom",
    "report_relay_client": "Who relays",
    "relay_source": "Recipients taken and denied per address",
    "proxy_pair": "Front Ends and where they hand on",
    "report_connector": "Connectors",
    "report_tls_peer": "Peers without TLS1.2 or TLS1.3",
    "report_auth_user": "Who signed in",
    "report_auth_failure": "Failed logons by address",
    "report_failure": "Why recipients were not reached",
    "report_latency_hop": "Time per hand-over",
    "report_latency_slowest": "The slowest recipients",
    "report_volume_hour": "Messages by hour of the day",
    "coverage": "Coverage",
    "unclassified": "Replies that no signature knows",
    "log_file": "Files left out or with rejects",
    "reject": "Rejected lines",
}


def opened(address: Mapping[str, str]) -> str:
    """Gives the SQL that the address asks for: `sql`, or `question` with values `with`; else empty."""
    if address.get("sql"):
        return address["sql"]
    name = address.get("question", "")
    if not name:
        return ""
    try:
        values = json.loads(address.get("with") or "{}")
        return query.filled(name, values if isinstance(values, dict) else {})
    except (QueryError, ValueError):
        return f"-- there is no saved question {json.dumps(name)}"


@st.cache_data(max_entries=4, show_spinner=False)
def schema(generation: str, store: str) -> pl.DataFrame:
    """Gives tables and columns of the store, described."""
    assert generation is not None  # a part of the key only
    return query.describe(store)


def start(store: Path, sql: str, timeout_s: float) -> Job:
    """Starts asking; at most 100,000 rows are held."""
    return Job(lambda job: stores.ask(store, sql, timeout_s=timeout_s, limit=HELD + 1, stop=job.stop))


def showable(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives a frame whose columns a table on a page can hold."""
    kinds: dict[str, Any] = {}
    for name, kind in frame.schema.items():
        if kind == pl.Int128:
            kinds[name] = pl.Int64
        elif kind.is_decimal():
            kinds[name] = pl.Float64
        elif kind in (pl.Time, pl.Duration):
            kinds[name] = pl.String
    binary = [pl.col(name).bin.encode("hex") for name, kind in frame.schema.items() if kind == pl.Binary]
    casts = [pl.col(name).cast(kind, strict=False) for name, kind in kinds.items()]
    return flat(frame.with_columns(*casts, *binary))
