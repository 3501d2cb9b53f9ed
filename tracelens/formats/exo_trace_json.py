"""Exchange Online message traces as JSON: lines or an array, as the reporting web service and collectors give them.

Times are `/Date(ms)/` or ISO, UTC both. Source: the project's format reference 5.2; Microsoft Learn, MessageTrace report.
"""

from __future__ import annotations

import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.exo_row import per_recipient, plain_name, trace_row
from tracelens.formats.exo_time import dated, is_time, to_utc
from tracelens.formats.json_objects import read_objects
from tracelens.schema import EXO_TRACE_EVENT

KEYS = re.compile(r'"(?:MessageTraceId|message_trace_id|RecipientAddress|recipient_address)"\s*:', re.I)
DETAIL = re.compile(r'"event"\s*:(?=[^{}]*"(?:description|detail)"\s*:)', re.I)
TIMES = re.compile(r'"(?:Received|Date|receivedDateTime|date_time_utc|origin_timestamp_utc)"\s*:', re.I)


def recognise(head: str, _name: str) -> bool:
    """Tells by JSON that names a trace's keys."""
    return head.lstrip("\ufeff \r\n\t")[:1] in ("{", "[") and bool(
        (KEYS.search(head) or DETAIL.search(head)) and TIMES.search(head)
    )


def parse(source: Source) -> Parsed:
    """Reads objects one after the other, whatever stands around them; a broken one costs the lines it stands on."""
    read = read_objects(source.text, _row, "is no row of a message trace with a readable date-time")
    times, assumed = to_utc([str(row["date_time"]) for _, row in read.rows], source.culture)
    made = []
    for (number, row), moment in zip(read.rows, times, strict=True):
        row["date_time"] = moment
        made += [{**each, "line_number": number} for each in per_recipient(row)]
    return Parsed(made, read.kinds, read.rejects, assumed)


def _row(held: Any) -> dict[str, Any] | None:
    if not isinstance(held, dict):
        return None
    fields = {name: dated(value) for name, value in held.items() if name != "__metadata"}
    names = {plain_name(name) for name in fields}
    if not names & {"id", "messagetraceid", "messageid", "networkmessageid"}:
        return None
    row = trace_row(fields, "detail" if "event" in names and names & {"detail", "description"} else "reporting")
    return row if is_time(str(row.get("date_time", ""))) else None


FORMAT = LogFormat(
    name="exo_trace_json",
    title="Exchange Online message traces as JSON (reporting web service; lines or an array)",
    table=EXO_TRACE_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        '{"Organization": "contoso.example", "MessageId": "<a1@example.com>", "Received": "/Date(1773475200123)/",'
        ' "SenderAddress": "ann@example.com", "RecipientAddress": "bob@contoso.com", "Subject": "Hello", "Status":'
        ' "Delivered", "ToIP": null, "FromIP": "192.0.2.5", "Size": 2048, "MessageTraceId":'
        ' "0a1b0000-0000-0000-0000-000000000001", "Index": 0}\n',
        '[\n  {\n    "MessageId": "<a1@example.com>",\n    "Received": "2026-03-14T08:00:00.1234567Z",\n'
        '    "SenderAddress": "ann@example.com",\n    "RecipientAddress": "bob@contoso.com",\n    "Status": "Failed",\n'
        '    "MessageTraceId": "0a1b0000-0000-0000-0000-000000000001"\n  }\n]\n',
    ),
)
