"""Exchange Online message traces as JSON: lines or an array, as the reporting web service and collectors give them.

Times are `/Date(ms)/` or ISO, UTC both. Source: the project's format reference 5.2; Microsoft Learn, MessageTrace report.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.exo_row import per_recipient, plain_name, trace_row
from tracelens.formats.exo_time import is_time, to_utc
from tracelens.schema import EXO_TRACE_EVENT

KEYS = re.compile(r'"(?:MessageTraceId|message_trace_id|RecipientAddress|recipient_address)"\s*:', re.I)
TIMES = re.compile(r'"(?:Received|Date|received|date_time_utc|origin_timestamp_utc)"\s*:')
WRAPPER = re.compile(r'\s*\{(?:[^\[\]{}]|\{(?=\s*"results"))*"(?:results|value)"\s*:\s*\[')
NOTHING = re.compile(r"[\s,\[\]]*")
TAIL = re.compile(r'[\s,\]}]*(?:"[^"\n]*"\s*:\s*"[^"\n]*"[\s,\]}]*)*\Z')
DECODER = json.JSONDecoder()
DEEPEST = 50


def recognise(head: str, _name: str) -> bool:
    """Tells by JSON that names a trace's keys."""
    return head.lstrip("\ufeff \r\n\t")[:1] in ("{", "[") and bool(KEYS.search(head) and TIMES.search(head))


def parse(source: Source) -> Parsed:
    """Reads objects one after the other, whatever stands around them; a broken one costs the lines it stands on."""
    text = source.text
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    kinds = ["b" if not line.strip() else "h" for line in lines]
    rejects: dict[int, str] = {}
    found: list[tuple[int, dict[str, Any]]] = []
    wrapper = WRAPPER.match(text)
    at, line, counted = (wrapper.end() if wrapper else 0), 0, 0
    while at < len(text):
        skipped = NOTHING.match(text, at)
        at = skipped.end() if skipped else at
        if at >= len(text) or (wrapper and found and TAIL.match(text, at)):
            break
        line, counted = line + text.count("\n", counted, at), at
        held, end, reason = _decode(text, at)
        rows = [_row(one) for one in _objects(held)]
        reason = reason or ("" if rows and all(rows) else "is no row of a message trace with a readable date-time")
        last = line + text.count("\n", at, end - 1)
        for number in range(line, last + 1):
            if kinds[number] == "b":
                continue
            if reason:
                kinds[number], rejects[number + 1] = "r", reason
            elif kinds[number] != "r":
                kinds[number] = "e" if number == line or kinds[number] == "e" else "c"
        if not reason:
            found += [(line + 1, row) for row in rows if row]
        at = max(end, at + 1)
    times, assumed = to_utc([str(row["date_time"]) for _, row in found], source.culture)
    made = []
    for (number, row), moment in zip(found, times, strict=True):
        row["date_time"] = moment
        made += [{**each, "line_number": number} for each in per_recipient(row)]
    return Parsed(made, kinds, rejects, assumed)


def _decode(text: str, at: int) -> tuple[Any, int, str]:
    """Gives the value that begins at a place, where it ends, and why there is none."""
    is_deep = text[at] == "{" and _is_deep(text[at : at + 4000])
    try:
        if not is_deep:
            return *DECODER.raw_decode(text, at), ""
        line = text[at : text.find("\n", at) + 1 or len(text)]
        if not _is_deep(line):
            held, length = DECODER.raw_decode(line)
            return held, at + length, ""
    except (ValueError, RecursionError):
        pass
    return None, text.find("\n", at) + 1 or len(text), "is no whole JSON object"


def _is_deep(near: str) -> bool:
    """Tells whether more is left open than a trace nests; a reader of deep nests would try each line to its depth."""
    return near.count("{") + near.count("[") - near.count("}") - near.count("]") > DEEPEST


def _objects(held: Any) -> list[Any]:
    """Gives the rows of a value: itself, or those of a list or of a wrapper on one line."""
    if isinstance(held, dict):
        for key in ("d", "results", "value"):
            if isinstance(held.get(key), dict | list):
                return _objects(held[key])
        return [held]
    return held if isinstance(held, list) else [None]


def _row(held: Any) -> dict[str, Any] | None:
    if not isinstance(held, dict):
        return None
    fields = {name: value for name, value in held.items() if name != "__metadata"}
    names = {plain_name(name) for name in fields}
    if not names & {"messagetraceid", "messageid", "networkmessageid"}:
        return None
    row = trace_row(fields, "detail" if {"event", "detail"} <= names else "reporting")
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
