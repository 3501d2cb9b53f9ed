"""Fields of a pasted row to a typed event: what `normalise` does in SQL for whole logs, for a handful of rows.

Source: the project's format reference 1.5 and 1.6 (fields), 2.4 (statuses), 4.1 (which port and connector is whose).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tracelens.formats.exo_row import whole
from tracelens.formats.exo_time import absolute
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import BY_CLIENT, NUMBERS, split_statuses

ENDPOINT = re.compile(r"(.*):(\d{1,5})")
COMMAND = re.compile(r"(?:EHLO|HELO|MAIL|RCPT|DATA|BDAT|QUIT|RSET|AUTH|STARTTLS|NOOP|X[-A-Z]+|XPROXY\w*)\b", re.I)
REPLY = re.compile(r"[2-5]\d\d[ -]")
FRONT, HUB, DELIVERY = (25, 587, 717), (2525, 465), (475, 476, 477)


def short(name: str | None) -> str | None:
    """Gives a host's short upper-case name."""
    return (name or "").split(".")[0].strip().upper() or None


def lost_event(data: str, context: str, direction: str) -> str:
    """Gives the event mark of a row whose mark a page ate: by a context, a command, or a reply."""
    by_peer, by_us = ("<", ">") if direction == "receive" else (">", "<")
    if context or not data:
        return "*"
    return by_peer if COMMAND.match(data) else by_us if REPLY.match(data) else "*"


def smtp_row(fields: Mapping[str, str], direction: str) -> dict[str, Any]:
    """Gives a row of `smtp_event`; `event` may still be empty."""
    row: dict[str, Any] = {name.replace("-", "_"): value or None for name, value in fields.items()}
    row["date_time"] = absolute(fields["date-time"])
    row["sequence_number"] = whole(fields["sequence-number"])
    for side in ("local", "remote"):
        found = ENDPOINT.fullmatch(fields[f"{side}-endpoint"])
        row[f"{side}_ip"] = found[1].strip("[]").split("%")[0] if found else None
        row[f"{side}_port"] = int(found[2]) if found else None
    row["direction"] = direction
    row["service"] = _service(row, direction)
    return row


def _service(row: Mapping[str, Any], direction: str) -> str:
    connector = (row["connector_id"] or "").lower()
    if direction == "receive":
        if "default internal receive connector" in connector:
            return "edge"
        port = row["local_port"]
        return "frontend" if port in FRONT else "hub" if port in HUB else "delivery" if port in DELIVERY else "unknown"
    port = row["remote_port"]
    if "inbound proxy" in connector or port == 465:
        return "frontend"
    return "hub" if port in (25, 475, 717) else "unknown"


def name_servers(rows: Sequence[dict[str, Any]], server: str | None, direction: str) -> None:
    """Sets the server of SMTP rows: the folder's, the connector's, or the one this side says hello as."""
    greeted = next(
        (
            short(row["data"][5:])
            for row in rows
            if row["event"] == ">" and re.match("(?i)(?:EHLO|HELO) ", row["data"] or "")
        ),
        None,
    )
    for row in rows:
        connector = row["connector_id"] or ""
        named = short(connector.split("\\")[0]) if "\\" in connector else None
        row["server"] = server or (named if direction == "receive" else greeted)


def tracking_row(fields: Mapping[str, str], server: str | None) -> dict[str, Any]:
    """Gives a row of `tracking_event`."""
    row: dict[str, Any] = {name.replace("-", "_"): value or None for name, value in fields.items()}
    for name in NUMBERS:
        row[name] = whole(row.get(name))
    row["date_time"] = absolute(fields["date-time"])
    row["event_id"] = (row["event_id"] or "").upper()
    row["message_id"] = (row["message_id"] or "").strip() or None
    row["network_message_id"] = (row.get("network_message_id") or "").lower() or None
    client, host = short(row["client_hostname"]), short(row["server_hostname"])
    named = (client or host) if row["event_id"] in BY_CLIENT else (host or client)
    row["server"] = server or named
    recipients = [one for one in (row["recipient_address"] or "").split(";") if one]
    row["recipient_address"], row["recipient_status"] = recipients, _statuses(row["recipient_status"], len(recipients))
    return {name: value for name, value in row.items() if name in TRACKING_EVENT.names}


def _statuses(text: str | None, count: int) -> list[str]:
    if not text:
        return []
    if not count:
        return [text]
    return split_statuses(text, count) or [text] * count
