"""Cuts the conversations of a large store into shards that are built one after the other.

What is told of one conversation depends on no other, so memory is bounded by a shard and not by the store. A shard
holds the conversations that began within a stretch of time; of the segments only those are read that have rows of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracelens.schema import TABLES
from tracelens.store import create_events

SMTP_EVENT = TABLES["smtp_event"]
SHARD_ROWS = 1_500_000


@dataclass(frozen=True)
class Shard:
    """Conversations that began at `since` or later and before `until`; their last row is at `latest`."""

    since: datetime
    until: datetime | None
    latest: datetime

    def narrow(self, sql: str) -> str:
        """Narrows a query of conversations to those of this shard."""
        upper = f" and first_at < timestamp '{self.until}'" if self.until else ""
        return f"select * from ({sql}) where first_at >= timestamp '{self.since}'{upper}"


def shards(con: Any, rows: int = SHARD_ROWS) -> list[Shard]:
    """Gives the shards of a store whose `conversation_span` is made, in the order of time; none without protocol logs.

    Args:
        con: Open DuckDB connection of a build.
        rows: Rows of protocol logs a shard is to hold; the conversations that begin within one second stay together.
    """
    found = con.execute(
        """
        with counted as (
            select date_trunc('second', first_at) as moment, sum(row_count) as row_count, max(last_at) as latest
            from conversation_span group by 1
        ), placed as (
            select *, cast(floor((sum(row_count) over (order by moment) - row_count) / ?) as bigint) as shard
            from counted
        )
        select min(moment), max(latest) from placed group by shard order by shard
        """,
        [rows],
    ).fetchall()
    ends = [*(since for since, _ in found), None][1:]
    return [Shard(since, until, latest) for (since, latest), until in zip(found, ends, strict=True)]


def each_shard(con: Any, found: Sequence[Shard]) -> Iterator[Shard]:
    """Gives one shard after the other, while a view before `smtp_event` holds the rows of its time only."""
    for shard in found:
        listed = con.execute(
            "select distinct s.table_name, s.path from segment s join log_file f on f.file_id = s.file_id"
            " where s.table_name = 'smtp_event' and f.first_at <= ? and f.last_at >= ?",
            [shard.latest, shard.since],
        ).fetchall()
        create_events(con, listed, "temp view", [SMTP_EVENT])
        yield shard
    con.execute("drop view if exists temp.smtp_event")
