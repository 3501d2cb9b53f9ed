"""All tables that rules read, without rows: the models as built, and event tables that take rows."""

from __future__ import annotations

import duckdb

from tracelens.build import build
from tracelens.schema import LOG_FILE, REJECT, REPLY_CLASS, REPLY_CLASS_BY_LOG
from tracelens.store import EVENT_TABLES, create_events, create_table


def every_table() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    for table in (LOG_FILE, REJECT, REPLY_CLASS, REPLY_CLASS_BY_LOG):
        create_table(con, table)
    create_events(con, [])
    build(con)
    for table in EVENT_TABLES:  # views over segments; rows can be given to tables only
        con.execute(f"drop view {table.name}")
        create_table(con, table)
    return con
