"""Empty models to which rows of connectors and sessions are given, and the connector models made from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import duckdb
import polars as pl

from tests.rules.tables import every_table
from tracelens.build import models
from tracelens.configuration import REBUILT

Row = dict[str, Any]
LINES = count(1)


def empty() -> duckdb.DuckDBPyConnection:
    """Gives all models without rows, and event tables that take rows."""
    con = every_table()
    con.execute("create table seen_address (remote_ip varchar, local_ip varchar)")
    return con


@contextmanager
def given(con: duckdb.DuckDBPyConnection, **rows: Sequence[Mapping[str, Any]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Gives rows to tables and makes the connector models and roles; all is undone at the end."""
    con.execute("begin")
    try:
        for name, part in rows.items():
            con.register("arriving", pl.from_dicts(list(part), infer_schema_length=None).to_arrow())
            con.execute(f'insert into "{name}" by name select * from arriving')
            con.unregister("arriving")
        con.execute("insert into seen_address select remote_ip, local_ip from session")
        for model in models():
            if model.name in (*REBUILT, "assigned_role", "inventory"):
                con.execute(f"create or replace temp table {model.name} as {model.sql}")
        yield con
    finally:
        con.execute("rollback")


def connector(name: str, *ranges: str, bindings: Sequence[str] = ("0.0.0.0:25", "[::]:25"), **more: Any) -> Row:
    """Gives a row of `receive_connector`."""
    row = {
        "server": "EX01", "identity": f"EX01\\{name}", "name": name, "enabled": True, "bindings": list(bindings),
        "remote_ip_ranges": list(ranges), "transport_role": "FrontendTransport", "file_id": 1, "line_number": next(LINES),
    }  # fmt: skip
    return row | more


def session(key: str, remote_ip: str | None, taken_by: str | None, **more: Any) -> Row:
    """Gives a row of `session` on port 25 of EX01."""
    row = {
        "session_key": key, "server": "EX01", "service": "frontend", "direction": "receive", "local_ip": "10.0.10.11",
        "local_port": 25, "remote_ip": remote_ip, "connector_id": f"EX01\\{taken_by}" if taken_by else None,
        "is_noise": False, "message_count": 1,
    }  # fmt: skip
    return row | more
