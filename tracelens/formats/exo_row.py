"""Rows of Exchange Online traces, whatever export they come in: names, numbers, one row per recipient.

Source: the project's format reference 5.2 (columns of each export).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

COLUMNS = {
    "organization": "organization", "messageid": "message_id", "received": "date_time", "date": "date_time", "dateutc": "date_time", "description": "detail",
    "origintimestamputc": "date_time", "origintimestamp": "date_time", "datetimeutc": "date_time",
    "datetime": "date_time", "timestamp": "date_time", "receiveddatetime": "date_time", "senderaddress": "sender_address", "sender": "sender_address",
    "recipientaddress": "recipient_address", "recipient": "recipient_address", "recipients": "recipient_address",
    "recipientstatus": "recipient_status", "subject": "subject", "messagesubject": "subject", "status": "status",
    "toip": "to_ip", "serverip": "to_ip", "fromip": "from_ip", "clientip": "from_ip", "originalclientip": "from_ip",
    "size": "message_bytes", "totalbytes": "message_bytes", "messagetraceid": "network_message_id",
    "networkmessageid": "network_message_id", "id": "network_message_id", "event": "event", "eventid": "event", "detail": "detail",
    "customdata": "detail", "eventdata": "detail", "connectorid": "connector_id", "directionality": "directionality",
    "sourcecontext": "source_context",
}  # fmt: skip
LARGEST = 2**63 - 1


@lru_cache(4096)
def plain_name(name: str) -> str:
    """Gives a column's name without case, blanks and marks, as it is compared."""
    return re.sub(r"[^a-z]", "", name.lower())


def clean(value: Any) -> str | None:
    """Gives a value as text that every store can hold; None for nothing."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return (text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()).strip() or None


def whole(value: Any) -> int | None:
    """Gives a whole number that fits 64 bits, or None."""
    text = re.sub(r"[\s,.\u00a0']", "", str(value if value is not None else ""))
    return int(text) if re.fullmatch(r"-?\d{1,19}", text) and abs(int(text)) <= LARGEST else None


def trace_row(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Gives one export row by the table's columns, `recipient_status` beside them; what has no column is `extra`.

    The time stays text under `date_time`. A name that comes twice (an original client beside the client) goes to `extra`.
    """
    row: dict[str, Any] = {"kind": kind}
    extra: dict[str, str] = {}
    for name, value in fields.items():
        text = clean(value)
        column = COLUMNS.get(plain_name(name))
        if text is None:
            continue
        if column is None or column in row:
            extra[clean(name) or ""] = text
        else:
            row[column] = text
    if "message_bytes" in row:
        row["message_bytes"] = whole(row["message_bytes"])
    if "network_message_id" in row:
        row["network_message_id"] = row["network_message_id"].lower()
    row["extra"] = json.dumps(extra, ensure_ascii=False) if extra else None
    return row


def per_recipient(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Gives a row once for each of its recipients, each with its own status.

    `addr##Receive, Send;…` names the recipient, then all that happened to it: the last is the status. Otherwise the
    lists of recipients and of statuses go side by side; where they do not match in number, each gets the whole text.
    """
    statuses = row.pop("recipient_status", None)
    if statuses and "##" in statuses:
        address, *others = statuses.split("##")
        made = []
        for part in others:
            happened, _, following = part.partition(";")
            steps = [step.strip() for step in happened.split(",") if step.strip()]
            made.append(
                {**row, "recipient_address": address.strip() or None, "status": steps[-1] if steps else None,
                 "detail": row.get("detail") or ", ".join(steps) or None}
            )  # fmt: skip
            address = following
        return made
    addresses = [one.strip() for one in re.split(r"[;,]", row.get("recipient_address") or "") if one.strip()]
    if not statuses:
        return [{**row, "recipient_address": one} for one in addresses] or [row]
    if "@" in statuses and not addresses:
        return [{**row, "recipient_address": one.strip()} for one in statuses.split(";") if one.strip()]
    parts = [part.strip() for part in statuses.split(";")]
    each = parts if len(parts) == len(addresses) else [statuses] * len(addresses)
    made = [
        {**row, "recipient_address": one, "status": text or None} for one, text in zip(addresses, each, strict=True)
    ]
    return made or [{**row, "status": statuses}]
