"""Get-Queue as Format-List text, and LastError fragments as people paste them.

Labels may have lost their padding, empty fields may be dropped, long values are wrapped with or without an indent.
Source: Microsoft Learn, "Queue properties" and "Queues and messages in queues" (LastError: LRT, LED, FQDN, IP).
"""

from __future__ import annotations

import json
import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.exo_row import clean, whole
from tracelens.formats.exo_time import absolute, has_zone
from tracelens.schema import QUEUE_STATE

COLUMNS = {
    "identity": "identity", "queueidentity": "identity", "deliverytype": "delivery_type", "status": "status",
    "messagecount": "message_count", "nexthopdomain": "next_hop_domain", "nexthopconnector": "next_hop_connector",
    "nexthopcategory": "next_hop_category", "lasterror": "last_error", "retrycount": "retry_count",
    "lastretrytime": "date_time",
}  # fmt: skip
OTHERS = {
    "tlsdomain", "nextretrytime", "firstretrytime", "velocity", "deferredmessagecount", "lockedmessagecount",
    "messagecountsperpriority", "deferredmessagecountsperpriority", "risklevel", "outboundippool", "incomingrate",
    "outgoingrate", "overridesource", "isvalid", "objectstate", "priority", "runspaceid",
    "pscomputername", "psshowcomputername",
}  # fmt: skip
LABEL = re.compile(r"\s{0,40}([A-Za-z][A-Za-z0-9]{2,60})\s{0,60}:(?:\s(.*)|)")
PROMPT = re.compile(r"\s*(?:\[PS\]|PS [A-Z]:\\|WARNING:|VERBOSE:|\+ CategoryInfo|-{4,})")
FRAGMENT = re.compile(
    r"[\s\"'>]*(?:\[?\{(?:LED|LRT)=|[245]\d\d [245]\.\d{1,3}\.\d{1,3} .*"
    r"(?:Attempted failover to alternate host|Primary target IP address responded|Target host responded with error))"
)
NEEDED = {"nexthopdomain", "nexthopconnector", "deliverytype", "lasterror", "queueidentity", "messagecount"}


def _labels(lines: list[str]) -> set[str]:
    return {found[1].lower() for line in lines if (found := LABEL.fullmatch(line.rstrip("\r")))}


def recognise(head: str, _name: str) -> bool:
    """Tells by three labels that only queues have together, or by a LastError fragment on the first line."""
    lines = head.split("\n")
    if len(_labels(lines) & NEEDED) >= 3:
        return True
    first = next((line for line in lines if line.strip()), "")
    return bool(FRAGMENT.match(first)) and "\nReceived:" not in head


def parse(source: Source) -> Parsed:
    """Reads records, or one row for each pasted fragment."""
    lines = physical(source.text)
    is_list = len(_labels(lines) & NEEDED) >= 3
    kinds: list[str] = []
    rejects: dict[int, str] = {}
    records: list[tuple[int, dict[str, list[str]]]] = []
    last, is_open = "", False
    double = sum(not line.strip() for line in lines) * 2 > len(lines) - 2
    for at, line in enumerate(lines):
        text = line.strip(" \r\t\ufeff")
        found = _label(line, records[-1][1].get(last, []) if is_open else []) if is_list else None
        if not text:
            kinds.append("b")
            is_open = is_open and (double or _is_unfinished(records[-1][1].get(last, [])))
        elif "\0" in text:
            kinds.append("r")
            rejects[at + 1] = "holds NUL bytes"
        elif found:
            name, value = found
            if not is_open or name in records[-1][1]:
                records.append((at, {}))
                kinds.append("e")
            else:
                kinds.append("c")
            records[-1][1][name] = [value]
            last, is_open = name, True
        elif is_list and PROMPT.match(line):
            kinds.append("h")
            is_open = False
        elif not is_list and FRAGMENT.match(line):
            records.append((at, {"LastError": [text]}))
            kinds.append("e")
            last, is_open = "LastError", True
        elif is_open:
            kinds.append("c")
            records[-1][1][last].append(text)
        else:
            kinds.append("r")
            rejects[at + 1] = "belongs to no queue"
    has_local = False
    rows = []
    for at, parts in records:
        fields = {name: " ".join(filter(None, part)) for name, part in parts.items()}
        row = queue_row(fields, at + 1)
        has_local |= bool(fields.get("LastRetryTime")) and row["date_time"] is None
        rows.append(row)
    assumed = [] if is_list else ["pasted LastError texts without their queues: one row each"]
    if has_local:
        assumed.append("times without a zone are kept in extra only")
    return Parsed(rows, kinds, rejects, "; ".join(assumed))


def _label(line: str, value: list[str]) -> tuple[str, str] | None:
    """Gives label and value; an unknown word counts as a label only where no bracket of the value before is open."""
    found = LABEL.fullmatch(line.rstrip("\r"))
    if not found:
        return None
    known = found[1].lower() in COLUMNS or found[1].lower() in OTHERS
    padded = re.match(r"\s*\w+\s+:", line) and found[1][0].isupper()
    return (found[1], (found[2] or "").strip()) if known or (padded and not _is_unfinished(value)) else None


def _is_unfinished(value: list[str]) -> bool:
    near = " ".join(value[:50])
    return len(value) < 50 and near.count("{") > near.count("}")


def queue_row(fields: dict[str, str], number: int) -> dict[str, Any]:
    """Gives a row of `queue_state` of a queue's properties by their names."""
    row: dict[str, Any] = {"date_time": None, "line_number": number}
    extra = {}
    for name, value in fields.items():
        text = clean(value)
        column = COLUMNS.get(name.lower())
        if text is None:
            continue
        if column == "date_time":
            row[column] = absolute(text) if has_zone(text) else None
            extra[name] = text
        elif column in ("message_count", "retry_count"):
            row[column] = whole(text)
        elif column and column not in row:
            row[column] = text
        else:
            extra[name] = text
    server, mark, _ = row.get("identity", "").partition("\\")
    if mark and server.strip():
        row["server"] = server.strip().split(".")[0].upper()
    row["extra"] = json.dumps(extra, ensure_ascii=False) if extra else None
    return row


FORMAT = LogFormat(
    name="get_queue",
    title="Get-Queue as Format-List text, pasted LastError texts",
    table=QUEUE_STATE,
    recognise=recognise,
    parse=parse,
    samples=(
        "Identity           : EX01\\4711\r\nDeliveryType       : SmartHostConnectorDelivery\r\nNextHopDomain      : [192.0.2.25]\r\n"
        "NextHopConnector   : 0a1b0000-0000-0000-0000-000000000001\r\nStatus             : Retry\r\nMessageCount       : 3\r\n"
        "LastError          : [{LRT=3/14/2026 8:00:00 AM};{LED=441 4.4.1 Error encountered while communicating with primary\r\n"
        "                     target IP address};{FQDN=relay.example.com};{IP=192.0.2.25}]\r\nRetryCount         : 2\r\n",
        "{LED=451 4.4.395 Target host responded with error. -> 421 4.3.2 Service not available}\n",
    ),
)
