"""A message's path as spans: one for the message, one per hop, one per wait, an event per log row behind a hop.

The names of attributes are those of OpenTelemetry's semantic conventions where they have one, else `tracelens.*`;
`docs/export.md` lists them. Ids are hashes of the store's keys, so the same message gives the same trace each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Literal

from tracelens.query import Path

Value = str | int | bool | list[str]
Kind = Literal["internal", "server", "client"]

BAD = ("failed", "refused", "dropped", "quarantined")
OPERATIONS = {"receive": "receive", "external": "send", "submit": "send", "proxy": "send", "transfer": "send"}
VERB = re.compile(r"(MAIL FROM|RCPT TO|[A-Z][A-Z0-9-]{2,15})(?=[:\s]|$)", re.IGNORECASE)
REPLY = re.compile(r"([2-5]\d\d)(?=[\s-]|$)")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """One log row: what happened at a moment of a span."""

    name: str
    at_ns: int
    attributes: dict[str, Value]


@dataclass(frozen=True)
class Span:
    """A timed part of a path.

    Attributes:
        span_id: 8 bytes.
        parent_id: Span it follows from; None for the message's own.
        name: What a viewer shows.
        category: message, hop or wait.
        kind: In OpenTelemetry's words.
        server: Server the time was spent on; empty when unknown.
        service: Service there.
        start_ns: Nanoseconds since 1970, UTC.
        end_ns: Not before the start.
        attributes: By name; None is left out.
        events: Log rows, by time.
        error: What went wrong; None where nothing did.
    """

    span_id: bytes
    parent_id: bytes | None
    name: str
    category: str
    kind: Kind
    server: str
    service: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Value]
    events: list[Event] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True)
class Trace:
    """All spans of one message, the message's own first."""

    trace_id: bytes
    message_key: str
    spans: list[Span]


def trace_of(path: Path) -> Trace:
    """Gives a message's path as spans; the path's log rows become their events."""
    message = path.message
    key = message["message_key"]
    root_id = _id(8, "message", key)
    events = _events(path.rows)
    hops = [hop for hop in path.hops if hop["started_at"] or hop["ended_at"]]
    known = {hop["hop_key"]: hop for hop in hops}
    gaps: dict[int | None, list[str]] = {}
    for gap in path.gaps:
        hour = gap["hour"].isoformat(" ", "minutes") if gap["hour"] else "unknown hour"
        told = f"{gap['server']} {gap['service']} {gap['log']}, {hour}: {gap['reason']}"
        gaps.setdefault(gap["after_hop"], []).append(told)
    spans = []
    for hop in hops:
        parent = known.get(hop["parent_hop_key"])
        parent_id = _id(8, "hop", parent["hop_key"]) if parent else root_id
        wait = _wait(hop, parent, parent_id) if parent else None
        spans += [wait] if wait else []
        spans.append(_hop(hop, parent_id, events.pop(hop["hop_number"], []), gaps.get(hop["hop_number"], [])))
    root = _root(path, root_id, spans, events.pop(None, []), gaps.get(None, []))
    return Trace(_id(16, "trace", key), key, [root, *spans])


def _root(path: Path, root_id: bytes, spans: list[Span], events: list[Event], gaps: list[str]) -> Span:
    message = path.message
    moments = [moment for span in spans for moment in (span.start_ns, span.end_ns)]
    moments += [nanoseconds(leg["final_at"]) for leg in path.legs if leg["final_at"]]
    moments += [nanoseconds(message["first_at"])] if message["first_at"] else []
    failed = [leg for leg in path.legs if leg["status"] in BAD]
    told = [str(leg["reason_text"] or leg["status"]) for leg in failed]
    attributes = _present(
        {
            "messaging.system": "exchange",
            "messaging.message.id": message["message_id"],
            "messaging.message.envelope.size": int(message["message_bytes"]) if message["message_bytes"] else None,
            "client.address": message["origin_ip"],
            "error.type": failed[0]["reason_code"] or failed[0]["status"] if failed else None,
            "tracelens.message_key": message["message_key"],
            "tracelens.network_message_id": message["network_message_id"],
            "tracelens.sender_address": message["sender_address"],
            "tracelens.message_subject": message["message_subject"],
            "tracelens.status": message["status"],
            "tracelens.origin_class": message["origin_class"],
            "tracelens.recipient_address": [leg["recipient_address"] or "" for leg in path.legs],
            "tracelens.leg_status": [leg["status"] or "" for leg in path.legs],
            "tracelens.gap": gaps,
            "tracelens.is_noise": message["is_noise"] or None,
        }
    )
    return Span(
        root_id,
        None,
        f"message {message['status']}",
        "message",
        "internal",
        "",
        "path",
        min(moments, default=0),
        max(moments, default=0),
        attributes,
        events,
        told[0] if told else None,
    )


def _hop(hop: Mapping[str, Any], parent_id: bytes, events: list[Event], gaps: list[str]) -> Span:
    kind = hop["kind"]
    is_ours = kind != "external"
    inside = kind in ("expand", "fork", "dsn")
    near, far = ("to", "from") if is_ours else ("from", "to")
    server, service = hop[f"{near}_server"] or hop[f"{far}_server"] or "", hop[f"{near}_service"] or ""
    start = nanoseconds(hop["started_at"] or hop["ended_at"])
    end = nanoseconds(hop["ended_at"] or hop["started_at"])
    is_bad = hop["outcome"] in BAD
    code = REPLY.match(hop["reply_text"] or "")
    tls = re.fullmatch(r"(TLS|SSL)\s*v?(\d+(?:[._]\d+)?)", hop["tls_version"] or "", re.IGNORECASE)
    place = hop["to_server"] or hop["to_ip"] or "?"
    attributes = _present(
        {
            "messaging.system": "exchange",
            "messaging.operation.name": kind,
            "messaging.operation.type": OPERATIONS.get(kind, "process"),
            "server.address": None if inside else hop["to_server"] or hop["to_ip"],
            "server.port": hop["to_port"],
            "client.address": None if inside else hop["from_server"] or hop["from_ip"],
            "network.peer.address": None if inside else hop[f"{far}_ip"],
            "network.peer.port": hop["to_port"] if far == "to" else None,
            "network.local.address": None if inside else hop[f"{near}_ip"],
            "network.local.port": hop["to_port"] if near == "to" else None,
            "network.transport": "tcp" if hop["to_port"] else None,
            "network.protocol.name": "smtp" if hop["to_port"] else None,
            "tls.protocol.name": tls[1].lower() if tls else None,
            "tls.protocol.version": tls[2].replace("_", ".") if tls else None,
            "user.name": hop["auth_user"],
            "error.type": (code[1] if code else hop["outcome"]) if is_bad else None,
            "tracelens.hop_key": hop["hop_key"],
            "tracelens.hop_number": hop["hop_number"],
            "tracelens.outcome": hop["outcome"],
            "tracelens.basis": hop["basis"],
            "tracelens.from_service": hop["from_service"],
            "tracelens.to_service": hop["to_service"],
            "tracelens.send_connector": hop["send_connector"],
            "tracelens.receive_connector": hop["receive_connector"],
            "tracelens.reply_text": hop["reply_text"],
            "tracelens.transit_ms": hop["transit_ms"],
            "tracelens.corrected_ms": hop["corrected_ms"],
            "tracelens.bound_ms": hop["bound_ms"],
            "tracelens.wait_ms": hop["wait_ms"],
            "tracelens.clock_runs_back": True if end < start else None,
            "tracelens.gap": gaps,
        }
    )
    return Span(
        _id(8, "hop", hop["hop_key"]),
        parent_id,
        " ".join(part for part in (kind, place, hop["to_service"]) if part),
        "hop",
        "internal" if inside else "server" if is_ours else "client",
        server,
        service,
        start,
        max(start, end),
        attributes,
        events,
        str(hop["reply_text"] or hop["outcome"]) if is_bad else None,
    )


def _wait(hop: Mapping[str, Any], parent: Mapping[str, Any], parent_id: bytes) -> Span | None:
    """Gives the time between two hops, where there is some."""
    if not hop["wait_ms"] or not parent["ended_at"] or not hop["started_at"]:
        return None
    server, service = hop["from_server"] or parent["to_server"] or "", hop["from_service"] or parent["to_service"] or ""
    attributes = _present(
        {
            "messaging.system": "exchange",
            "tracelens.wait_ms": hop["wait_ms"],
            "tracelens.before_hop_key": hop["hop_key"],
            "tracelens.basis": hop["basis"],
        }
    )
    end = nanoseconds(hop["started_at"])  # the wait was measured on one clock; the parent's end may be on another
    name = " ".join(part for part in ("wait before", hop["kind"]) if part)
    return Span(
        _id(8, "wait", hop["hop_key"]),
        parent_id,
        name,
        "wait",
        "internal",
        server,
        service,
        end - hop["wait_ms"] * 1_000_000,
        end,
        attributes,
    )


def _events(rows: list[dict[str, Any]]) -> dict[int | None, list[Event]]:
    found: dict[int | None, list[Event]] = {}
    for row in rows:
        attributes = _present(
            {
                "log.file.path": row["path"],
                "tracelens.line_number": row["line"],
                "tracelens.server": row["server"],
                "tracelens.log": row["log"],
                "tracelens.event": row["event"],
                "tracelens.text": row["text"],
            }
        )
        found.setdefault(row["hop"], []).append(Event(step(row), nanoseconds(row["date_time"]), attributes))
    return found


def step(row: Mapping[str, Any]) -> str:
    """Gives a short name of a log row: the command, `reply` and its code, the tracking event, or note."""
    text, event = row["text"] or "", row["event"] or ""
    if event in ("sent", "received"):
        reply, verb = REPLY.match(text), VERB.match(text)
        return f"reply {reply[1]}" if reply else verb[1].upper() if verb else event
    return str(event) or "note"


def nanoseconds(moment: datetime) -> int:
    """Gives a UTC time as nanoseconds since 1970, exact to the microsecond."""
    passed = moment.replace(tzinfo=UTC) - EPOCH
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1000


def _id(size: int, kind: str, key: str) -> bytes:
    return blake2b(f"{kind}|{key}".encode(), digest_size=size).digest()


def _present(attributes: Mapping[str, Any]) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if value is not None and value not in ("", [])}
