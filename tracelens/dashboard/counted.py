"""What a number counts: the lists behind the numbers of all pages, and the links that lead to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import md5
from typing import Any

from tracelens import query
from tracelens.errors import UsageError

HOUR = timedelta(hours=1)
NONE = "none"
PARAMETER = re.compile(r"\$([a-z_]+)")
SPAN = ("since", "until")
BUT, SPLIT = "but_", "\x1f"
FRAME = ("of", "by", "sum", "server", "since", "until", "page", "zone")


SAID = {
    "accepted": ("accepted", "not accepted"),
    "attack": ("about attacks", "not about attacks"),
    "connected": ("connected", "could not connect"),
    "entered": ("from where it had failed before", "not from where it had failed"),
    "entry": ("handed in from outside", "not handed in from outside"),
    "failed": ("failed", "did not fail"),
    "foreign": ("for other people's domains", "for domains of ours"),
    "frontend": ("of the Front End", "not of the Front End"),
    "logon": ("after a logon", "without a logon"),
    "missed": ("not reached", "not failed, refused or put off"),
    "outdated": ("older than TLS1.2 or none", "TLS1.2 or newer"),
    "public": ("from public addresses", "from private addresses"),
    "reasoned": ("with a reason", "without a reason"),
    "relay": ("from clients for other people's domains", "no relaying"),
    "secured": ("with TLS", "without TLS"),
    "seen": ("seen by the other side", "not seen by the other side"),
    "severe": ("critical or high", "less than high"),
    "signed": ("signed in", "not signed in"),
    "timed": ("with a known time", "without a known time"),
    "tls": ("with TLS", "without TLS"),
    "transit": ("with a known length", "without a known length"),
    "used": ("moved mail or signed in", "moved no mail"),
    "wait": ("with a known wait", "without a known wait"),
}
WORDED = {("state", "hole"): "with rows missing though the server was busy", ("state", "covered"): "with rows"}


@dataclass(frozen=True)
class Kind:
    """One kind of rows that numbers count.

    Attributes:
        question: The saved question that lists them.
        things: Their name, many of them.
        labels: The columns shown.
        opens: The page that a row opens, or empty.
        leads: What the numbers of a row count, by column.
    """

    question: str
    things: str
    labels: Mapping[str, str]
    opens: str = ""
    leads: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)


def _rows_of_hour(row: dict[str, Any]) -> dict[str, Any]:
    """Gives the list of the rows that a log has of an hour."""
    log = row["log"].replace(" ", "_")
    span = {"since": row["hour"], "until": row["hour"] + HOUR}
    return behind("log_row", log=log, service=row["service"], server=row["server"] or NONE, **span)


MAIL = {"sender_address": "Sender", "message_subject": "Subject"}
KINDS = {
    "session": Kind(
        "counted_session", "sessions",
        {
            "opened_at": "Opened", "server": "Server", "service": "Service", "direction": "Direction",
            "connector_id": "Connector", "remote_ip": "Other side", "remote_port": "Port", "helo_name": "HELO",
            "tls_version": "TLS", "tls_cipher": "Cipher", "auth_user": "Account", "accepted_count": "Accepted",
            "refused_count": "Refused", "auth_failure_count": "Failed logons", "last_reply": "Last reply",
        }, "session",
    ),
    "logon": Kind(
        "counted_logon", "logons",
        {
            "moment": "At", "outcome": "Outcome", "account": "Account", "remote_ip": "Address", "helo_name": "HELO",
            "server": "Server", "connector_id": "Connector", "mechanism": "Mechanism", "has_tls": "TLS",
            "reason": "Reason",
        }, "session",
    ),
    "recipient": Kind(
        "counted_recipient", "recipients named by clients",
        {
            "answered_at": "At", "outcome": "Outcome", "remote_ip": "Address", "helo_name": "HELO",
            "mail_from": "Sender", "recipient_address": "Recipient", "reply_text": "Reply", "server": "Server",
            "connector_id": "Connector", "auth_user": "Account",
        }, "session",
    ),
    "leg": Kind(
        "counted_leg", "recipients",
        {
            "first_at": "Message first seen", "status": "Status", "basis": "Basis", "sender_address": "Sender",
            "recipient_address": "Recipient", "message_subject": "Subject", "reason_code": "Code",
            "reason_text": "Reason", "total_ms": "Total ms",
        }, "message",
    ),
    "reply": Kind(
        "counted_reply", "failure texts",
        {
            "moment": "At", "text": "Text", "remote_ip": "Other side", "server": "Server", "log": "Log",
            "direction": "Direction", "connector_id": "Connector",
        }, "session",
    ),
    "hop": Kind(
        "counted_hop", "hand-overs",
        {
            "started_at": "Start", "kind": "Kind", "from_place": "From", "to_place": "To", "connector": "Connector",
            "outcome": "Outcome", "corrected_ms": "Took ms", "bound_ms": "± ms", "wait_ms": "Wait before ms",
            "tls_version": "TLS", **MAIL,
        }, "message",
    ),
    "way": Kind(
        "counted_way", "ways of messages",
        {
            "first_at": "First seen", "source": "Came from", "receive_connector": "Taken in by",
            "server": "Last server", "send_connector": "Handed out by", "destination": "To", "is_failed": "Failed",
            **MAIL,
        }, "message",
    ),
    "component": Kind(
        "counted_component", "times",
        {
            "written_at": "Written", "server": "Server", "component": "Component", "kind": "Kind", "agent": "Agent",
            "duration_ms": "Took ms", **MAIL,
        }, "message",
    ),
    "put_off": Kind(
        "counted_put_off", "messages put off",
        {
            "started_at": "At", "server": "Front End", "remote_ip": "Client", "mail_from": "Sender",
            "recipients": "Recipients", "reply_text": "Reply", "connector_id": "Connector",
        }, "session",
    ),
    "choice": Kind(
        "counted_choice", "sessions",
        {
            "opened_at": "Opened", "server": "Server", "actual_connector": "Taken by",
            "expected_connector": "Should have been", "remote_ip": "Other side", "helo_name": "HELO",
            "message_count": "Messages", "reason": "Why",
        }, "session",
    ),
    "finding": Kind(
        "counted_finding", "findings",
        {
            "severity": "Severity", "class": "Class", "title": "Finding", "hit_count": "Hits", "server": "Server",
            "summary": "Summary", "remote_ip": "Remote address", "first_at": "First", "last_at": "Last",
        }, "finding",
    ),
    "log_hour": Kind(
        "counted_log_hour", "log hours",
        {
            "hour": "Hour", "server": "Server", "service": "Service", "log": "Log", "state": "State",
            "event_count": "Rows", "file_count": "Files",
        }, leads={"event_count": _rows_of_hour},
    ),
    "log_row": Kind(
        "counted_log_row", "log rows",
        {
            "date_time": "Time", "server": "Server", "service": "Service", "log": "Log", "event": "Event",
            "text": "Row", "file": "File", "line": "Line",
        },
    ),
    "file": Kind(
        "counted_file", "files",
        {
            "path": "File", "state": "State", "reason": "Why", "format": "Kind", "server": "Server",
            "size_bytes": "Bytes", "line_count": "Lines", "event_count": "Rows", "reject_count": "Rejected",
            "first_at": "First", "last_at": "Last",
        },
    ),
}  # fmt: skip


def behind(of: str, /, **words: Any) -> dict[str, Any]:
    """Gives the address of the list that a number counts, on the page Counted.

    Args:
        of: The kind of rows.
        words: What the rows have in common; None stands for rows that name none. `since`, `until` and `server` stand
            for any when they are empty. `by` names what is counted once each, `sum` what is added up.
    """
    found: dict[str, Any] = {"page": "counted", "of": of}
    for name, value in words.items():
        if name in FRAME:
            found[name] = value
        elif isinstance(value, bool):
            found[name] = "yes" if value else "no"
        else:
            found[name] = NONE if value in (None, "") else str(value)
    return found


def digest(text: str | None) -> str:
    """Gives what stands for a long text in an address."""
    return md5(text.encode(), usedforsecurity=False).hexdigest() if text else NONE


def asked(address: Mapping[str, str]) -> dict[str, Any]:
    """Gives the parameters of the question that an address asks, without its window.

    Raises:
        UsageError: The address names something that rows of this kind do not have.
    """
    known = set(PARAMETER.findall(query.question(KINDS[address["of"]].question))) - {"limit", "offset", *SPAN}
    strange = sorted(set(asked_words(address)) - known)
    if strange:
        raise UsageError(f"rows of this kind have no '{strange[0]}'", hint="open the number again on its page")
    return {name: address.get(name, "") for name in known}


def told(address: Mapping[str, str]) -> str:
    """Says in words what the rows of an address have in common."""
    parts = [_told(name, value) for name, value in sorted(asked_words(address).items())]
    return ", ".join(parts) or "all of them"


def _told(name: str, value: str) -> str:
    if (name, value) in WORDED:
        return WORDED[name, value]
    if value in ("yes", "no") and name in SAID:
        return SAID[name][value == "no"]
    if name.startswith(BUT):
        return f"{name.removeprefix(BUT)} another than the {value.count(SPLIT) + 1} largest"
    return (
        f"{name} {value}"
        if name not in ("text", "reason", "failure", "handshake", "certificate") or value == NONE
        else f"one {name}"
    )


def asked_words(address: Mapping[str, str]) -> dict[str, str]:
    """Gives what the rows of an address have in common, by name."""
    return {name: value for name, value in address.items() if name == "server" or name not in FRAME}
