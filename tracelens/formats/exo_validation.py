"""Exchange Online connector validation: `Name:value` lines, records one behind the other without a blank line.

Times are in the form of a culture; the UTC times inside SourceContext tell their order and zone. Source: public pastes of
the "validate connector" result, described in the project's format reference 5.2.
"""

from __future__ import annotations

import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.exo_row import per_recipient, trace_row
from tracelens.formats.exo_time import is_time, to_utc
from tracelens.schema import EXO_TRACE_EVENT

NAMES = (
    "Timestamp", "EventId", "Source", "MessageSubject", "MessageId", "Recipients", "RecipientCount", "RecipientStatus",
    "SourceContext", "Sender", "EventData",
)  # fmt: skip
FIELD = re.compile(rf"\s*({'|'.join(NAMES)})\s*:\s?(.*)")
TIGHT = re.compile(r"^\s*Timestamp:\S.*\n(?:\s*\n)?\s*EventId:\S", re.M)


def recognise(head: str, _name: str) -> bool:
    """Tells by `Timestamp:` and `EventId:` on lines of their own, no blank before the colon (Format-List has one)."""
    return bool(TIGHT.search(head.replace("\r", "")))


def parse(source: Source) -> Parsed:
    """Reads records that begin at `Timestamp:`; one that ends before its recipients is rejected line by line."""
    lines = physical(source.text)
    kinds: list[str] = []
    rejects: dict[int, str] = {}
    records: list[tuple[int, list[int], dict[str, list[str]]]] = []
    last = ""
    for at, line in enumerate(lines):
        found = FIELD.fullmatch(line.rstrip("\r"))
        if not line.strip():
            kinds.append("b")
        elif found and found[1] == "Timestamp":
            kinds.append("e")
            records.append((at, [at], {"Timestamp": [found[2].strip()]}))
            last = found[1]
        elif not records or "\0" in line:
            kinds.append("r")
            rejects[at + 1] = "holds NUL bytes" if "\0" in line else "stands before the first record"
        else:
            kinds.append("c")
            records[-1][1].append(at)
            if found:
                last = found[1]
                records[-1][2][last] = [found[2].strip()]
            else:
                records[-1][2][last].append(line.strip())
    whole: list[tuple[int, dict[str, str]]] = []
    for at, held, parts in records:
        fields = {name: " ".join(part).strip() for name, part in parts.items()}
        if not is_time(fields["Timestamp"]):
            reason = "has no readable date-time"
        elif not fields.get("EventId") or "Recipients" not in fields:
            reason = "belongs to a record that ends before its recipients"
        else:
            whole.append((at, fields))
            continue
        for number in held:
            kinds[number], rejects[number + 1] = "r", reason
    beside = [fields.get("SourceContext", "") if fields["EventId"] == "RECEIVE" else "" for _, fields in whole]
    times, assumed = to_utc([fields["Timestamp"] for _, fields in whole], source.culture, beside)
    rows: list[dict[str, Any]] = []
    for (at, fields), moment in zip(whole, times, strict=True):
        row = trace_row(fields, "validation")
        row["date_time"] = moment
        rows += [{**each, "line_number": at + 1} for each in per_recipient(row)]
    return Parsed(rows, kinds, rejects, assumed)


FORMAT = LogFormat(
    name="exo_validation",
    title="Exchange Online connector validation, as text",
    table=EXO_TRACE_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        "Timestamp:14.03.2026 08:00:00\nEventId:RECEIVE\nSource:SMTP\nMessageSubject:Test email\nMessageId:<a1@example.com>\n"
        "Recipients:bob@contoso.com,carl@contoso.com\nRecipientCount:2\nRecipientStatus:\n"
        "SourceContext:08DC0000000000A1;2026-03-14T08:00:00.123Z;0\nSender:check@contoso.com\nEventData:DeliveryPriority:Normal\n",
    ),
)
