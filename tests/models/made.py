"""Models on a handful of made-up rows: tables of events, and what is built from them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from tracelens.build import build
from tracelens.schema import LOG_FILE, REJECT, REPLY_CLASS
from tracelens.store import EVENT_TABLES, create_events, create_table

NOON = datetime(2026, 3, 2, 12)
Row = dict[str, Any]


def at(seconds: float) -> datetime:
    """Gives a moment after noon."""
    return NOON + timedelta(seconds=seconds)


class Made:
    """Rows of logs under construction; every row gets a line of its own."""

    def __init__(self, file_id: int = 1) -> None:
        self.file_id = file_id
        self.rows: dict[str, list[Row]] = {}
        self._line = 0

    def add(self, table: str, **values: Any) -> str:
        """Adds a row and gives its key as `link` writes it."""
        self._line += 1
        self.rows.setdefault(table, []).append({"file_id": self.file_id, "line_number": self._line, **values})
        return f"{self.file_id}:{self._line}"

    def track(self, seconds: float, server: str, event: str, source: str = "SMTP", **values: Any) -> str:
        """Adds a tracking row; recipients default to one, the message-id to `<m@example.com>`."""
        named = {
            "message_id": "<m@example.com>",
            "recipient_address": ["anna@contoso.com"],
            "sender_address": "p@example.com",
        }
        return self.add("tracking_event", date_time=at(seconds), server=server, event_id=event, source=source, **{**named, **values})  # fmt: skip

    def talk(
        self,
        seconds: float,
        server: str,
        service: str,
        direction: str,
        session: str,
        local: str,
        remote: str,
        *steps: tuple[str, str, str],
        connector: str = "",
    ) -> str:
        """Adds a conversation of (event, data, context) rows, a tenth of a second apart; gives its session_key."""
        local_ip, local_port = local.rsplit(":", 1)
        remote_ip, remote_port = remote.rsplit(":", 1)
        for number, (event, data, context) in enumerate((("+", "", ""), *steps, ("-", "", "Local"))):
            self.add(
                "smtp_event", date_time=at(seconds + number / 10), server=server, service=service, direction=direction,
                connector_id=connector or f"{server}\\Default {server}", session_id=session, sequence_number=number,
                local_endpoint=local, remote_endpoint=remote, local_ip=local_ip, local_port=int(local_port),
                remote_ip=remote_ip, remote_port=int(remote_port), event=event, data=data or None, context=context or None,
            )  # fmt: skip
        return f"{server}|{service}|{direction}|{session}|0"

    def build(self) -> duckdb.DuckDBPyConnection:
        """Builds all models over the rows."""
        con = duckdb.connect()
        for table in (LOG_FILE, REJECT, REPLY_CLASS):
            create_table(con, table)
        create_events(con, [])
        for table in EVENT_TABLES:
            con.execute(f"drop view {table.name}")
            create_table(con, table)
        for name, rows in self.rows.items():
            con.register("given", pl.from_dicts(rows, infer_schema_length=None).to_arrow())
            con.execute(f'insert into "{name}" by name select * from given')
            con.unregister("given")
        build(con)
        return con


def mail(
    recipient: str, reply: str, out: str = "<", back: str = ">", *notes: tuple[str, str, str]
) -> list[tuple[str, str, str]]:
    """Gives the steps of one transaction, as the receiving side logs them unless told otherwise."""
    return [
        *notes, (out, "MAIL FROM:<p@example.com>", ""), (back, "250 2.1.0 Sender OK", ""),
        (out, f"RCPT TO:<{recipient}>", ""), (back, "250 2.1.5 Recipient OK", ""), (out, "BDAT 900 LAST", ""), (back, reply, ""),
    ]  # fmt: skip


def ask(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    """Gives the rows of a query."""
    rows: list[Row] = con.sql(sql).pl().to_dicts()
    return rows
