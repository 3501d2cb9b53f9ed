"""Headers of some delivered messages, as their recipients would paste them, made from the truth.

Source: formats.md 5.4 (forms of `Received` that Exchange writes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tracelens.simulate.estate import INTERNAL, REMOTES

CHAIN = ("receive", "proxy", "submit", "transfer", "deliver")
CIPHER = "version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
Row = dict[str, Any]


def write(folder: Path, count: int, build: str) -> int:
    """Writes `headers/*.eml` beside `truth.parquet` for the first delivered messages; gives how many."""
    rows = pq.read_table(folder / "truth.parquet").to_pylist()
    ends = {row["message_id"]: row for row in rows if row["record"] == "leg" and row["status"] == "delivered"}
    target = folder / "headers"
    done = 0
    for message_id, hops in chains(rows):
        if done == count:
            break
        if message_id in ends:
            target.mkdir(exist_ok=True)
            done += 1
            text = headers(message_id, ends[message_id]["recipient_address"], hops, build)
            (target / f"message-{done:03d}.eml").write_text(text, encoding="utf-8", newline="")
    return done


def forge(folder: Path, build: str) -> None:
    """Writes the headers of a delivered message with the time of its first hand-over an hour too late."""
    rows = pq.read_table(folder / "truth.parquet").to_pylist()
    ends = {row["message_id"]: row for row in rows if row["record"] == "leg" and row["status"] == "delivered"}
    for message_id, hops in chains(rows):
        if message_id in ends and hops[0]["started_at"].hour < 12:
            false = [{**hops[0], "started_at": hops[0]["started_at"] + timedelta(hours=1)}, *hops[1:]]
            (folder / "headers").mkdir(exist_ok=True)
            text = headers(message_id, ends[message_id]["recipient_address"], false, build)
            (folder / "headers" / "forged.eml").write_text(text, encoding="utf-8", newline="")
            return


def chains(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Gives the messages that went one way, without forks, to one mailbox server."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["record"] == "hop" and row["message_id"]:
            found.setdefault(row["message_id"], []).append(row)
    for message_id, hops in found.items():
        hops.sort(key=lambda hop: int(hop["hop_number"]))
        kinds = [hop["kind"] for hop in hops]
        if kinds.count("deliver") == 1 and kinds[-1] == "deliver" and all(kind in CHAIN for kind in kinds):
            yield message_id, hops


def headers(message_id: str, recipient: str, hops: list[Row], build: str) -> str:
    """Gives the headers of a message that took these hops."""
    lines: list[str] = []
    for before, hop in zip([None, *hops], hops, strict=False):
        lines = _received(hop, before, build) + lines
    told = {remote.ip: remote for remote in REMOTES}
    sender = f"sender@{told[hops[0]['from_ip']].domain}" if hops[0]["from_ip"] in told else f"someone@{INTERNAL}"
    about = (
        f"From: <{sender}>",
        f"To: <{recipient}>",
        f"Date: {_date(hops[0]['started_at'])}",
        f"Message-ID: <{message_id.strip('<>')}>",
    )
    return "\r\n".join([*lines, *about, "", ""])


def _received(hop: Row, before: Row | None, build: str) -> list[str]:
    """Gives the lines that one hop adds: the Front End signs none for a client that logged on."""
    by = f"{hop['to_server']}.{INTERNAL} ({hop['to_ip']})"
    is_client = hop["to_port"] == 587
    if hop["kind"] == "receive":
        sender = next((remote.host for remote in REMOTES if remote.ip == hop["from_ip"]), "device.example.org")
        via = " via Frontend Transport" if hop["to_service"] == "frontend" else ""
        return [] if is_client else _line(f"{sender} ({hop['from_ip']})", by, hop, build, via)
    sender = f"{hop['from_server']}.{INTERNAL} ({hop['from_ip']})"
    is_mapi = hop["to_port"] is None  # inside a hub of 2010, which adds no line of its own
    if hop["kind"] == "deliver":
        return [] if is_mapi else _line(sender, by, hop, build, " via Mailbox Transport")
    if hop["kind"] == "submit":
        own = f"{hop['from_server']}.{INTERNAL}"
        mapi = f" ([{hop['from_ip']}]) with mapi id {build}; {_date(hop['started_at'])}"
        taken = [] if is_mapi else _line(sender, by, hop, build, "")
        return [*taken, f"Received: from {own} ([{hop['from_ip']}]) by {own}", mapi]
    if before and before["to_port"] == 587:
        sender = f"[{before['from_ip']}] ({before['from_ip']})"
    return _line(sender, by, hop, build, "")


def _line(sender: str, by: str, hop: Row, build: str, via: str) -> list[str]:
    return [
        f"Received: from {sender} by",
        f" {by} with Microsoft SMTP Server",
        f" ({CIPHER}) id",
        f" {build}{via}; {_date(hop['started_at'])}",
    ]


def _date(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0, tzinfo=UTC))
