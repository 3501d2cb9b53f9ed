"""Headers that somebody pasted, held against a store without reading them into it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracelens import query
from tracelens.charset import decode
from tracelens.errors import InputError
from tracelens.formats import Source, headers

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 4 * 1024 * 1024
MARK = re.compile(r"^([>| \t]*)received:", re.I | re.M)
BLANK = re.compile(r"\r*\n(?:[ \t]*\r*\n)+|\r\n?(?!\n)")
COLUMNS = (
    "line_number", "kind", "date_time", "hop_number", "from_host", "from_ip", "by_host", "by_ip", "server", "via",
    "protocol", "tls_version", "message_id", "text",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What the headers of one message tell.

    Attributes:
        message_id: The message-id in them, without brackets.
        message_key: The message of the store that bears it; None if there is none, or more than one.
        message_count: How many messages of the store bear it.
        lines: Their Received lines as `queries/header_check.sql` gives them, each with its state and reason.
    """

    message_id: str
    message_key: str | None
    message_count: int
    lines: list[dict[str, Any]]


def judge(store: query.Store, content: bytes, name: str) -> list[Told]:
    """Holds pasted headers against the store.

    Args:
        store: Folder of the store.
        content: Headers as text, an `.eml`, or a non-delivery report.
        name: What to call them in an error.

    Raises:
        InputError: There is no Received line with a message-id.
        StoreError: There is no store.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{len(content):,} bytes are more than headers have", name, f"cut it to {MAX_BYTES:,} bytes")
    rows = _lines(decode(content)[0], name)
    if not rows:
        raise InputError("no Received line", name, "paste the whole headers, with the lines that begin with Received:")
    if not any((row["message_id"] or "").strip("<> ") for row in rows):
        raise InputError("the headers have no Message-ID", name, "paste the whole headers: the logs are searched by it")
    found = query.ask_with_model(store, "header_told", "header_check", rows=_packed(rows))
    told: dict[str, Told] = {}
    for row in found.to_dicts():
        about = [row.pop(key) for key in ("message_id", "message_key", "message_count")]
        key = about[1] if about[2] == 1 else None
        told.setdefault(about[0], Told(about[0], key, about[2], [])).lines.append(row)
    return list(told.values())


def _lines(text: str, name: str) -> list[dict[str, Any]]:
    """Gives the Received lines; of text that was quoted, indented or spaced out on its way, what it was before."""
    mark = MARK.search(text)
    if mark and mark[1]:
        lead = re.compile(f"^(?:{re.escape(mark[1])}|{re.escape(mark[1].rstrip())}$)", re.M)
        text = lead.sub("", "\n".join(text.splitlines()))
    rows = _received(text, name)
    if rows and not any(row["message_id"] for row in rows):
        return _received(BLANK.sub("\n", text), name) or rows
    return rows


def _received(text: str, name: str) -> list[dict[str, Any]]:
    return [row for row in headers.parse(Source(text, name)).rows if row["kind"] == "received"]


def _packed(rows: Sequence[dict[str, Any]]) -> str:
    """Gives the rows as the question takes them."""
    return json.dumps([{name: row.get(name) for name in COLUMNS} for row in rows], default=str)
