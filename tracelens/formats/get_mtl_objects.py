"""Get-MessageTrackingLog as objects: ConvertTo-Json (array or lines) and Export-Clixml.

Source: Microsoft Learn, Get-MessageTrackingLog, ConvertTo-Json, Export-Clixml; formats.md 5.1 (properties).
"""

from __future__ import annotations

import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.clixml import BEGINS, read_clixml
from tracelens.formats.exo_time import absolute, has_zone
from tracelens.formats.json_bags import shown, unwrapped
from tracelens.formats.json_objects import read_objects
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import Item, is_header, property_of, to_rows

JSON_KEY = re.compile(r'"([\w-]{2,40})"\s*:')
XML_NAME = re.compile(r'<\w+ N="(\w{2,40})"')


def recognise_json(head: str, _name: str) -> bool:
    """Tells by the keys of JSON."""
    return head.lstrip("\ufeff \r\n\t")[:1] in ("{", "[") and is_header(JSON_KEY.findall(head))


def recognise_clixml(head: str, _name: str) -> bool:
    """Tells by the names of CLIXML properties."""
    return bool(BEGINS.match(head)) and is_header(XML_NAME.findall(head))


def parse_json(source: Source) -> Parsed:
    """Reads objects; one without a time is rejected."""
    read = read_objects(source.text, _fields, "is no result of Get-MessageTrackingLog")
    items = [Item([number], {name: _text(name, value) for name, value in row.items()}) for number, row in read.rows]
    return _parsed(items, read.kinds, read.rejects, source)


def parse_clixml(source: Source) -> Parsed:
    """Reads objects; one without a time is rejected."""
    listing = read_clixml(source.text)
    items = [Item([bag.line_number], {name: _text(name, v) for name, v in bag.values.items()}) for bag in listing.bags]
    return _parsed(items, listing.lines, listing.rejects, source)


def _parsed(items: list[Item], kinds: list[str], rejects: dict[int, str], source: Source) -> Parsed:
    read = to_rows(items, source.server, source.culture)
    good = {row["line_number"] for row in read.rows}
    for index, reason in read.wrong.items():
        first = items[index].lines[0]
        for number in range(first, len(kinds) + 1):
            if first in good or (number > first and kinds[number - 1] != "c"):
                break
            kinds[number - 1], rejects[number] = "r", reason
    return Parsed(read.rows, kinds, rejects, read.assumed)


def _fields(held: Any) -> dict[str, Any] | None:
    return held if isinstance(held, dict) and any(property_of(name) == "timestamp" for name in held) else None


def _text(name: str, value: Any) -> str:
    """Gives a value as Export-Csv with joined lists would write it."""
    value = unwrapped(value)
    if isinstance(value, list):
        mark = ", " if property_of(name) == "eventdata" else "\n"
        return mark.join(_pair(part) for part in value if part is not None)
    text = str("" if value is None else shown(value))
    if property_of(name) == "timestamp" and has_zone(text) and (moment := absolute(text)):
        return f"{moment.isoformat()}Z"
    return text


def _pair(part: Any) -> str:
    """Gives an entry of event data as a listing shows it, `[Key, Value]`; any other entry as it is."""
    if isinstance(part, dict) and "Key" in part:
        return f"[{part['Key']}, {part.get('Value')}]"
    return f"[{', '.join(map(str, part))}]" if isinstance(part, list) else str(shown(part))


FORMATS = (
    LogFormat(
        name="get_mtl_json",
        title="Get-MessageTrackingLog | ConvertTo-Json, an array or lines",
        table=TRACKING_EVENT,
        recognise=recognise_json,
        parse=parse_json,
        samples=(
            '[\n  {\n    "Timestamp": "2026-03-02T09:00:05.532+01:00",\n    "ServerHostname": "EX01",\n    "Source": "SMTP",\n'
            '    "EventId": "RECEIVE",\n    "MessageId": "<a1@example.com>",\n    "Recipients": [\n      "bob@contoso.com",\n'
            '      "carol@contoso.com"\n    ],\n    "EventData": [{"Key": "DeliveryPriority", "Value": "Normal"}]\n  }\n]\n',
            '{"Timestamp": "/Date(1772438405532)/", "ServerHostname": "EX01", "Source": "SMTP", "EventId": "RECEIVE",'
            ' "MessageId": "<a1@example.com>", "Recipients": "bob@contoso.com carol@contoso.com"}\n',
        ),
    ),
    LogFormat(
        name="get_mtl_clixml",
        title="Get-MessageTrackingLog | Export-Clixml",
        table=TRACKING_EVENT,
        recognise=recognise_clixml,
        parse=parse_clixml,
        samples=(
            '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\n  <Obj RefId="0">\n    <Props>\n'
            '      <DT N="Timestamp">2026-03-02T09:00:05.532+01:00</DT>\n      <S N="ServerHostname">EX01</S>\n'
            '      <S N="Source">SMTP</S>\n      <S N="EventId">RECEIVE</S>\n      <S N="MessageId">&lt;a1@example.com&gt;</S>\n'
            '      <Obj N="Recipients" RefId="1">\n        <LST>\n          <S>bob@contoso.com</S>\n          <S>carol@contoso.com'
            "</S>\n        </LST>\n      </Obj>\n    </Props>\n  </Obj>\n</Objs>\n",
        ),
    ),
)
