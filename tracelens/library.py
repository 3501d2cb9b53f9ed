"""tracelens as a library: the verbs of the command line with frames and dataclasses as answers.

`import tracelens` loads none of this; the first use of `tracelens.open` or `tracelens.ingest` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracelens import pipeline, query, story
from tracelens import store as stores
from tracelens.errors import QueryError, StoreError
from tracelens.pipeline import Account
from tracelens.pointer import generation

if TYPE_CHECKING:
    import polars as pl

    from tracelens.export.data import Written

__all__ = ["Account", "Session", "Status", "Store", "Trace", "ingest", "open"]
AnyPath = str | os.PathLike[str]


@dataclass(frozen=True)
class Trace:
    """One message's path.

    Attributes:
        message: Its row of `message`.
        hops: Hand-overs in order.
        legs: Recipients and how each ended, what went wrong first.
        gaps: Where a row must exist but no log covers it.
        rows: The log rows behind the hops, with file and line.
    """

    message: dict[str, Any]
    hops: pl.DataFrame
    legs: pl.DataFrame
    gaps: pl.DataFrame
    rows: pl.DataFrame

    def __str__(self) -> str:
        """Gives the path as `tracelens trace` shows it."""
        return story.path_text(self._path(with_rows=False), f"trace({self.message['message_key']!r}).rows")

    def otlp(self) -> bytes:
        """Gives the path as OTLP/JSON: a span per hop and per wait."""
        from tracelens.export.otlp import as_otlp
        from tracelens.export.spans import trace_of

        return as_otlp(trace_of(self._path()))

    def chrome(self) -> bytes:
        """Gives the path as Chrome trace JSON, for Perfetto."""
        from tracelens.export.chrome import as_chrome
        from tracelens.export.spans import trace_of

        return as_chrome(trace_of(self._path()))

    def _path(self, with_rows: bool = True) -> query.Path:
        hops, legs, gaps, rows = (frame.to_dicts() for frame in (self.hops, self.legs, self.gaps, self.rows))
        return query.Path(self.message, hops, legs, gaps, rows if with_rows else [])


@dataclass(frozen=True)
class Session:
    """One SMTP conversation.

    Attributes:
        session: Its row of `session`.
        events: Its log rows in order, each with the silence before it.
    """

    session: dict[str, Any]
    events: pl.DataFrame

    def __str__(self) -> str:
        """Gives the conversation as `tracelens session` shows it."""
        return story.conversation_text(self.session, self.events.to_dicts(), 5000)


@dataclass(frozen=True)
class Status:
    """What a store holds.

    Attributes:
        generation: Name of the live database.
        ledger: Files and lines per state and log kind.
        coverage: Hours with rows per server and log.
        rejects: Lines that could not be read, the first 1000.
    """

    generation: str
    ledger: pl.DataFrame
    coverage: pl.DataFrame
    rejects: pl.DataFrame


class Store:
    """A store of logs, open for questions. It follows what later ingests publish, and holds nothing open."""

    def __init__(self, path: AnyPath) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        """Gives `Store('path')`."""
        return f"Store({str(self.path)!r})"

    def sql(
        self, text: str, params: Mapping[str, Any] | Sequence[Any] | None = None, *, timeout_s: float | None = None
    ) -> pl.DataFrame:
        """Answers one SELECT on the locked store.

        Raises:
            QueryError: The text is not one SELECT, fails, or takes longer than `timeout_s` seconds.
            StoreError: There is no store.
        """
        return stores.ask(self.path, text, params, timeout_s)

    def search(
        self,
        message_id: str = "",
        *,
        sender: str = "",
        recipient: str = "",
        subject: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        noise: bool = False,
        limit: int = 50,
    ) -> pl.DataFrame:
        """Gives messages that match all given texts, newest first; `found_count` is how many there are in all.

        Shape: one row per message: message_key, first_at, status, sender_address, message_subject, recipient_count,
        hop_count, total_ms, message_bytes, origin_class, message_id, found_count.

        Raises:
            StoreError: There is no store.
        """
        return query.search(
            self.path,
            message_id=message_id,
            sender=sender,
            recipient=recipient,
            subject=subject,
            since=since,
            until=until,
            noise=noise,
            limit=limit,
        )

    def trace(self, message: str) -> Trace:
        """Gives the path of one message, by message_key, message-id or network message-id.

        Raises:
            QueryError: No message matches, or more than one.
            StoreError: There is no store.
        """
        found = query.search(self.path, message_id=message, noise=True)
        if found.is_empty():
            raise QueryError(f"no message '{message}'", hint="look for it with search()")
        if found.height > 1:
            raise QueryError(f"{found['found_count'][0]:,} messages match '{message}'", hint="give a message_key")
        key = found["message_key"][0]
        (row,) = query.ask(self.path, "path", message=key).to_dicts()
        hops, gaps, legs = query.parts(self.path, key)
        return Trace(row, hops, legs, gaps, query.evidence(self.path, row, limit=100_000))

    def session(self, key: str) -> Session:
        """Gives one SMTP conversation, by session_key or session-id.

        Raises:
            QueryError: No session, or more than one, has that key or session-id.
            StoreError: There is no store.
        """
        return Session(*query.conversation(self.path, key))

    def findings(self, severity: str = "info", *, rule: str = "", kind: str = "", limit: int = 1000) -> pl.DataFrame:
        """Gives what is wrong, from a severity up, the worst first; `kind` is the class: relay, proxy, ...

        Shape: one row per finding: finding_key, severity, class, title, summary, server, connector_id, remote_ip,
        message_key, hit_count, first_at, last_at, advice, rule_id.

        Raises:
            StoreError: There is no store.
        """
        return query.ask(self.path, "finding", severity=severity, limit=limit, rule=rule, kind=kind)

    def rules(self) -> pl.DataFrame:
        """Gives what was asked of the logs, what was found, and what could not be asked.

        Shape: one row per rule: rule_id, class, severity, title, state, finding_count, missing.

        Raises:
            StoreError: There is no store.
        """
        return query.ask(self.path, "rule")

    def status(self) -> Status:
        """Gives coverage, ledger and rejects.

        Raises:
            StoreError: There is no store.
        """
        return Status(
            self.generation,
            query.ask(self.path, "account"),
            query.ask(self.path, "holding"),
            query.ask(self.path, "reject", limit=1000),
        )

    def schema(self, table: str = "") -> pl.DataFrame:
        """Gives tables and columns with type and meaning.

        Shape: one row per column: table_name, table_doc, column_name, data_type, doc.

        Raises:
            QueryError: The store has no such table.
            StoreError: There is no store.
        """
        return query.describe(self.path, table)

    def export(
        self,
        out: AnyPath,
        form: str = "parquet",
        *,
        tables: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        force: bool = False,
    ) -> list[Written]:
        """Writes tables as files: form parquet, lake, csv, duckdb or ecs.

        Raises:
            UsageError: A name is wrong, or a file is there already and `force` is not set.
            InputError: The folder cannot be written.
            StoreError: There is no store.
        """
        from tracelens.export.data import export

        return export(self.path, Path(out), form, tables=tables, since=since, until=until, force=force)

    @property
    def generation(self) -> str:
        """Name of the live database; it changes with each ingest that brings something new.

        Raises:
            StoreError: There is no store.
        """
        name = generation(self.path)
        if name is None:
            raise StoreError(f"no store at '{self.path}'", hint="make one with tracelens.ingest(logs, store)")
        return name


def open(store: AnyPath) -> Store:
    """Opens a store for questions.

    Raises:
        StoreError: There is no store.
    """
    opened = Store(store)
    _ = opened.generation
    return opened


def ingest(paths: AnyPath | Iterable[AnyPath], store: AnyPath, **options: Any) -> Account:
    """Reads log files, folders and archives into a store, and gives the account: every line, and what became of it.

    Args:
        paths: One path or several.
        store: Folder of the store; made if it is not there.
        options: Those of `tracelens.pipeline.ingest`: server, service, memory_limit, workers, wait_s, rule_dirs,
            rule_params, inventory.

    Raises:
        InputError: There are no logs.
        StoreError: The store cannot be written.
    """
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    return pipeline.ingest(listed, store, **options)
