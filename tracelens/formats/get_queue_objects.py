"""Get-Queue as objects: ConvertTo-Json and Export-Clixml.

Source: Microsoft Learn, Get-Queue, "Queue properties", ConvertTo-Json, Export-Clixml.
"""

from __future__ import annotations

import re

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import Listing
from tracelens.formats.clixml import BEGINS, read_clixml
from tracelens.formats.enumerations import worded
from tracelens.formats.get_queue import COLUMNS, NEEDED, queue_row
from tracelens.formats.json_bags import begins, keys, read_json
from tracelens.schema import QUEUE_STATE

XML_NAME = re.compile(r'<\w+ N="(\w{2,80})"')
TELLING = NEEDED | {"identity"}


def recognise_json(head: str, _name: str) -> bool:
    """Tells by the keys of JSON."""
    return begins(head) and len(keys(head) & TELLING) >= 3


def recognise_clixml(head: str, _name: str) -> bool:
    """Tells by the names of CLIXML properties."""
    return bool(BEGINS.match(head)) and len({name.lower() for name in XML_NAME.findall(head)} & TELLING) >= 3


def parse_json(source: Source) -> Parsed:
    """Reads objects, one row a queue."""
    return _parsed(read_json(source.text))


def parse_clixml(source: Source) -> Parsed:
    """Reads objects, one row a queue."""
    return _parsed(read_clixml(source.text))


def _parsed(listing: Listing) -> Parsed:
    rows, has_local = [], False
    for bag in listing.bags:
        fields = {}
        for name, value in bag.values.items():
            text = "; ".join(value) if isinstance(value, list) else value or ""
            fields[name] = worded(COLUMNS.get(name.lower(), ""), text) or text
        if len({name.lower() for name in fields} & TELLING) < 2:
            for number in range(bag.line_number, bag.line_number + bag.line_count):
                if listing.lines[number - 1] in "ec":
                    listing.reject(number, "is no queue")
            continue
        row = queue_row(fields, bag.line_number)
        has_local |= row["date_time"] is None and any(
            fields[name] for name in fields if name.lower() == "lastretrytime"
        )
        rows.append(row)
    return Parsed(
        rows, listing.lines, listing.rejects, "times without a zone are kept in extra only" if has_local else ""
    )


FORMATS = (
    LogFormat(
        name="get_queue_json",
        title="Get-Queue | ConvertTo-Json",
        table=QUEUE_STATE,
        recognise=recognise_json,
        parse=parse_json,
        samples=(
            '[\n  {\n    "Identity": "EX01\\\\4711",\n    "DeliveryType": 4,\n    "NextHopDomain": "[192.0.2.25]",\n    "Status": 3,\n'
            '    "MessageCount": 3,\n    "LastError": "451 4.4.0 Primary target IP address responded",\n'
            '    "LastRetryTime": "2026-03-14T09:00:00+01:00"\n  }\n]\n',
        ),
    ),
    LogFormat(
        name="get_queue_clixml",
        title="Get-Queue | Export-Clixml",
        table=QUEUE_STATE,
        recognise=recognise_clixml,
        parse=parse_clixml,
        samples=(
            '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\n  <Obj RefId="0">\n    <Props>\n'
            '      <Obj N="Identity" RefId="1"><ToString>EX01\\4711</ToString></Obj>\n'
            '      <Obj N="DeliveryType" RefId="2"><ToString>DnsConnectorDelivery</ToString><I32>1</I32></Obj>\n'
            '      <S N="NextHopDomain">fabrikam.example</S>\n      <I32 N="MessageCount">3</I32>\n'
            '      <DT N="LastRetryTime">2026-03-14T08:00:00Z</DT>\n    </Props>\n  </Obj>\n</Objs>\n',
        ),
    ),
)
