"""Questions to the store, read-only: the saved ones in `queries/`, and what the commands put together from them."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from tracelens import store as stores
from tracelens.build import models
from tracelens.errors import QueryError
from tracelens.glossary import MEANINGS
from tracelens.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

Store = str | os.PathLike[str]
SCHEMA_VERSION = 1
MOST_FILES = 500
"""Log files that a question names one by one."""
INCLUDE = re.compile(r"^-- include: ([a-z_]+)\n", re.MULTILINE)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
WIDEST: dict[str, Any] = {
    "since": datetime(1970, 1, 1),
    "until": datetime(9000, 1, 1),
    "bucket": "hour",
    "severity": "info",
    "noise": False,
    "by_address": False,
    "limit": 1000,
    "offset": 0,
    "clients": [],
    "files": [],
    "lines": [],
    "message": None,
    "finding": None,
}


@dataclass(frozen=True)
class Path:
    """A message's path.

    Attributes:
        message: The row of `message`.
        hops: Rows of `hop`, in order.
        legs: Rows of `leg`, what went wrong first.
        gaps: Rows of `gap`.
        rows: The log rows behind the hops, with file and line; empty unless asked for.
        headers: The Received lines of its headers, each with what the logs say of it.
        coverage: What the store holds of the servers on the path in its hours.
        ambiguous: Joins of its records that another candidate fits as well.
        related: The message that it is a report or copy of, and the reports and copies that were made of it.
    """

    message: dict[str, Any]
    hops: list[dict[str, Any]]
    legs: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    headers: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    ambiguous: list[dict[str, Any]] = field(default_factory=list)
    related: list[dict[str, Any]] = field(default_factory=list)


@lru_cache
def question(name: str) -> str:
    """Gives the text of the saved question `queries/<name>.sql`, with `queries/parts/PART.sql` for `-- include: PART`.

    Raises:
        QueryError: There is none of that name.
    """
    folder = resources.files("tracelens").joinpath("queries")
    path = folder.joinpath(f"{name}.sql")
    if not path.is_file():
        raise QueryError(f"no saved question '{name}'")

    def part(found: re.Match[str]) -> str:
        return folder.joinpath("parts", f"{found[1]}.sql").read_text(encoding="utf-8")

    return INCLUDE.sub(part, path.read_text(encoding="utf-8"))


def ask(store: Store, name: str, /, timeout_s: float | None = None, **params: Any) -> pl.DataFrame:
    """Answers a saved question.

    Raises:
        QueryError: There is none of that name, or it takes longer than `timeout_s` seconds.
        StoreError: There is no store.
    """
    return stores.ask(store, question(name), params or None, timeout_s)


def ask_with_model(store: Store, name: str, model: str, /, **params: Any) -> pl.DataFrame:
    """Answers a saved question that holds the text of a model, as `{model}`, over rows given with the question.

    Raises:
        QueryError: There is none of that name.
        StoreError: There is no store.
    """
    text = next(entry.sql for entry in models() if entry.name == model)
    return stores.ask(store, question(name).replace("{" + model + "}", text), params)


def filled(name: str, params: Mapping[str, Any]) -> str:
    """Gives a saved question with values in place of its parameters, to be read, changed and asked.

    A parameter without a value gets one that leaves nothing out.

    Raises:
        QueryError: There is none of that name.
    """
    text = question(name)
    values = {**WIDEST, **params}
    return re.sub(r"\$([a-z_]+)", lambda found: _literal(values.get(found[1], "")), text)


def _literal(value: object) -> str:
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(' ')}'"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(part) for part in value) + "]"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return f"timestamp '{value}'"
    return stores.literal(value)


def search(
    store: Store,
    *,
    message_id: str = "",
    sender: str = "",
    recipient: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    noise: bool = False,
    limit: int = 50,
) -> pl.DataFrame:
    """Gives messages that match all given texts, newest first; `found_count` is how many there are beyond the limit.

    A message-id that is the whole id of some message finds that one alone.

    Raises:
        StoreError: There is no store.
    """
    texts: dict[str, Any] = {
        "message_id": message_id.strip().strip("<>"),
        "sender": sender,
        "recipient": recipient,
        "subject": subject,
    }
    found = ask(
        store, "message", **texts, status="", noise=noise, since=since, until=until, limit=max(limit, 1), offset=0
    )
    exact = found.filter(found["message_id"].str.to_lowercase() == texts["message_id"].lower())
    return exact if exact.height and texts["message_id"] else found


def path(store: Store, message_key: str, *, with_rows: bool = False) -> Path:
    """Gives the path of one message.

    Raises:
        QueryError: The store has no message of that key.
        StoreError: There is no store.
    """
    found = ask(store, "path", message=message_key).to_dicts()
    if not found:
        raise QueryError(f"no message '{message_key}'", hint="search by --sender, --recipient or --subject")
    rows = evidence(store, found[0], limit=100_000).to_dicts() if with_rows else []
    hops, gaps, legs = (frame.to_dicts() for frame in parts(store, message_key))
    asked = ("header_check", "path_coverage", "ambiguous_link", "related")
    headers, coverage, ambiguous, related = (ask(store, name, message=message_key).to_dicts() for name in asked)
    return Path(found[0], hops, legs, gaps, rows, headers, coverage, ambiguous, related)


def document(store: Store, path: Path) -> dict[str, Any]:
    """Gives a path as `--format json` prints it: described in `docs/paths.md`; a rename raises the version.

    Raises:
        StoreError: There is no store.
    """
    parts = ("message", "hops", "legs", "gaps", "headers", "ambiguous", "related", "coverage", "rows")
    key = path.message["message_key"]
    return {
        "schema": "tracelens.path",
        "schema_version": SCHEMA_VERSION,
        **{name: getattr(path, name) for name in parts},
        "latency": ask(store, "message_latency", message=key).to_dicts(),
        "usual": ask(store, "slow_hop", message=key, limit=1000).to_dicts(),
    }


def parts(store: Store, message_key: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Gives the hops, gaps and legs of one message.

    Raises:
        StoreError: There is no store.
    """
    hops, gaps = (ask(store, name, message=message_key) for name in ("hop", "gap"))
    return hops, gaps, ask(store, "leg", message=message_key, limit=100_000)


def evidence(store: Store, row: dict[str, Any], limit: int) -> pl.DataFrame:
    """Gives the log rows behind a message or a finding, with file and line.

    Args:
        store: Folder of the store.
        row: Its row of `message` or `finding`.
        limit: At most this many.

    Raises:
        StoreError: There is no store.
    """
    wanted = behind(row)
    span = ask(store, "evidence_span", message=wanted["message"], finding=wanted["finding"]).to_dicts()[0]
    if span["first_at"] and span["last_at"]:
        wanted["since"] = max(wanted["since"], span["first_at"])
        wanted["until"] = min(wanted["until"], span["last_at"])
    files = span["files"] or []
    text = question("evidence")
    if 0 < len(files) <= MOST_FILES:
        # constants are held against the statistics of a segment before its rows are read, a subquery is not
        text = text.replace("(select file_id from wanted)", f"({', '.join(map(str, files))})")
    return _ask_files(store, text, files, **wanted, limit=limit)


def _ask_files(store: Store, text: str, files: list[int], **params: Any) -> pl.DataFrame:
    """Answers a question over the segments that hold the rows of some log files; the others are not opened."""
    folder = pathlib.Path(store).absolute()
    held = ask(store, "segment_of", files=files)
    paths: dict[str, list[str]] = {}
    for table, path in held.select("table_name", "path").iter_rows():
        paths.setdefault(table, []).append(str(folder / path))
    twice = bool(held["has_duplicates"].any())
    sources = []
    for table in stores.EVENT_TABLES:
        select = stores.events_of(table, paths.get(table.name, ()), twice and table.name == "tracking_event")
        sources.append(f"{table.name} as ({select})")
    before, _, after = text.partition("\nwith ")
    return stores.ask(store, f"{before}\nwith {', '.join(sources)},\n{after}", params)


def behind(row: dict[str, Any]) -> dict[str, Any]:
    """Gives the parameters by which the question `evidence` finds the log rows behind a message or a finding."""
    finding = row.get("finding_key")
    return {"message": None if finding else row["message_key"], "finding": finding, **around(row)}


def around(row: dict[str, Any]) -> dict[str, datetime]:
    """Gives the time range, a day wider on both sides, in which the rows behind a message or finding lie."""
    first_at, last_at = row["first_at"], row["last_at"]
    return {
        "since": first_at - timedelta(days=1) if first_at else datetime(1970, 1, 1),
        "until": last_at + timedelta(days=1) if last_at else datetime(9000, 1, 1),
    }


def conversation(store: Store, key: str) -> tuple[dict[str, Any], pl.DataFrame]:
    """Gives one session and its rows, each with the silence before it.

    Raises:
        QueryError: No session, or more than one, has that key or session-id.
        StoreError: There is no store.
    """
    found = ask(store, "session", key=key, limit=20).to_dicts()
    if not found:
        raise QueryError(f"no session '{key}'", hint='keys: tracelens sql "select session_key from session"')
    if len(found) > 1:
        keys = ", ".join(f"'{row['session_key']}'" for row in found)
        raise QueryError(f"{len(found)} sessions have the id '{key}'", hint=f"give one of the keys {keys}")
    key = found[0]["session_key"]
    files = ask(store, "conversation_file", key=key)["file_id"].to_list()
    rows = _ask_files(store, question("conversation"), files, key=key)
    return found[0], rows if rows.height == found[0]["event_count"] else ask(store, "conversation", key=key)


def describe(store: Store, table: str = "") -> pl.DataFrame:
    """Gives tables and columns with type and meaning.

    Shape: one row per column: table_name, table_doc, column_name, data_type, doc.

    Raises:
        QueryError: The store has no such table.
        StoreError: There is no store.
    """
    import polars as pl

    found = ask(store, "table", table=table)
    if found.is_empty():
        raise QueryError(f"no table '{table}'", hint="names: tracelens schema")
    docs = {name: f"one row per {known.doc}" for name, known in TABLES.items()}
    words = {(name, column.name): column.doc for name, known in TABLES.items() for column in known.columns}
    for model in models():
        docs[model.name] = model.doc
        words.update({(model.name, column): doc for column, doc in model.columns.items()})
    rows = [
        {
            "table_name": name,
            "table_doc": docs.get(name, ""),
            "column_name": column,
            "data_type": kind,
            "doc": words.get((name, column)) or MEANINGS.get(column, ""),
        }
        for name, column, kind in found.iter_rows()
    ]
    return pl.from_dicts(rows)
