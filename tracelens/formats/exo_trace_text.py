"""Exchange Online message traces as PowerShell shows them: Format-List, Format-Table, and Export-Clixml.

Times are UTC in the form of the shell's culture. Source: the project's format reference 5.2; Microsoft Learn,
Get-MessageTrace, Get-MessageTraceV2, Get-MessageTraceDetail.
"""

from __future__ import annotations

import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import list_names, read_list, read_table, table_names
from tracelens.formats.clixml import BEGINS, read_clixml
from tracelens.formats.exo_row import per_recipient, plain_name, trace_row
from tracelens.formats.exo_time import is_time, to_utc
from tracelens.formats.exo_trace_csv import kind_of
from tracelens.formats.text_table import CUT
from tracelens.schema import EXO_TRACE_EVENT

XML_NAME = re.compile(r'<\w+ N="(\w{2,40})"')


def recognise(head: str, _name: str) -> bool:
    """Tells by names that only traces have together."""
    if BEGINS.match(head):
        return bool(kind_of({plain_name(name) for name in XML_NAME.findall(head)}))
    return bool(kind_of(set(map(plain_name, list_names(head))))) or bool(
        kind_of(set(map(plain_name, table_names(head))))
    )


def parse(source: Source) -> Parsed:
    """Reads objects or rows; one without a time is rejected, whole."""
    if BEGINS.match(source.text):
        listing = read_clixml(source.text)
    elif table_names(source.text):
        listing = read_table(source.text)
    else:
        listing = read_list(source.text)
    found: list[tuple[int, dict[str, Any]]] = []
    is_cut = False
    for bag in listing.bags:
        fields = {name: ";".join(value) if isinstance(value, list) else value for name, value in bag.values.items()}
        row = trace_row(fields, kind_of({plain_name(name) for name in fields}) or "summary")
        if is_time(str(row.get("date_time", ""))):
            is_cut = is_cut or any(str(value).endswith(CUT) for value in fields.values())
            found.append((bag.line_number, row))
            continue
        for number in range(bag.line_number, bag.line_number + bag.line_count):
            if listing.lines[number - 1] in "ec":
                listing.reject(number, "belongs to a row without a readable date-time")
    times, assumed = to_utc([str(row["date_time"]) for _, row in found], source.culture)
    rows: list[dict[str, Any]] = []
    for (number, row), moment in zip(found, times, strict=True):
        row["date_time"] = moment
        rows += [{**each, "line_number": number} for each in per_recipient(row)]
    said = (assumed, "values end in `...` where the listing cut them" if is_cut else "")
    return Parsed(rows, listing.lines, listing.rejects, "; ".join(filter(None, said)))


FORMAT = LogFormat(
    name="exo_trace_text",
    title="Exchange Online message traces as Format-List, Format-Table or Export-Clixml",
    table=EXO_TRACE_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        "MessageId        : <a1@example.com>\nReceived         : 3/14/2026 8:00:05 AM\nSenderAddress    : ann@example.com\n"
        "RecipientAddress : bob@contoso.com\nSubject          : Hello\nStatus           : Delivered\n"
        "MessageTraceId   : 0a1b0000-0000-0000-0000-000000000001\n\n",
        "Received             Sender Address  Recipient Address Subject Status\n"
        "--------             --------------  ----------------- ------- ------\n"
        "3/14/2026 8:00:05 AM ann@example.com bob@contoso.com   Hello   Delivered\n",
        '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\n  <Obj RefId="0">\n    <Props>\n'
        '      <DT N="Received">2026-03-14T08:00:05Z</DT>\n      <S N="SenderAddress">ann@example.com</S>\n'
        '      <S N="RecipientAddress">bob@contoso.com</S>\n      <S N="Status">Delivered</S>\n    </Props>\n  </Obj>\n</Objs>\n',
    ),
)
