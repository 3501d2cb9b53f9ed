"""Get-Queue as a table: by Format-Table (its default), with tabs as copied from a sheet, or by Export-Csv.

Source: Microsoft Learn, Get-Queue (default view: Identity, DeliveryType, Status, MessageCount, NextHopDomain; from 2013
also Velocity, RiskLevel, OutboundIPPool) and "Queue properties".
"""

from __future__ import annotations

import csv
from itertools import pairwise
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.get_queue import COLUMNS, OTHERS, PROMPT, queue_row
from tracelens.formats.text_table import CUT, RULE, TextTable, cells, ruled, tabbed
from tracelens.schema import QUEUE_STATE

TELLING = {"identity", "queueidentity", "deliverytype", "messagecount", "nexthopdomain", "lasterror"}
NUMBERS = {
    "messagecount", "retrycount", "velocity", "outboundippool", "deferredmessagecount", "lockedmessagecount",
    "incomingrate", "outgoingrate",
}  # fmt: skip


def recognise(head: str, _name: str) -> bool:
    """Tells by the names above a rule of dashes, between tabs or between commas, whether a text is a table of queues."""
    lines = [line.rstrip("\r") for line in head.split("\n")[:200]]
    return any(_header(line, below) for line, below in pairwise([*lines, ""]))


def parse(source: Source) -> Parsed:
    """Reads tables of queues, one row a queue."""
    shown = physical(source.text)
    lines: list[str] = []
    rejects: dict[int, str] = {}
    queues: list[tuple[int, dict[str, str]]] = []
    table: TextTable | None = None
    mark = ""
    is_open = False
    for number, raw in enumerate(shown, 1):
        line = raw.rstrip("\r")
        found = _header(line, shown[number] if number < len(shown) else "")
        if not line.strip():
            lines.append("b")
            is_open = False
        elif found or RULE.fullmatch(line) or PROMPT.match(line) or line.startswith("#TYPE"):
            if found:
                table, mark = found
            is_open = False
            lines.append("h")
        else:
            values = _values(line, table, mark)
            is_rest = is_open and table is not None and bool(table.starts) and line[:1] == " "
            if isinstance(values, dict) and not is_rest and sum(map(bool, values.values())) < 2:
                values = "is no row of the table"
            if isinstance(values, str):
                lines.append("r")
                rejects[number] = values
                is_open = False
            elif is_rest:
                for name, text in values.items():
                    if text:
                        queues[-1][1][name] = f"{queues[-1][1][name]} {text}".strip()
                lines.append("c")
            else:
                queues.append((number, values))
                lines.append("e")
                is_open = True
    rows: list[dict[str, Any]] = [queue_row(values, number) for number, values in queues]
    assumed = []
    if any(text.endswith(CUT) for _, values in queues for text in values.values()):
        assumed.append("values end in `...` where the table cut them")
    if any(
        row["date_time"] is None and values.get("LastRetryTime") for row, (_, values) in zip(rows, queues, strict=True)
    ):
        assumed.append("times without a zone are kept in extra only")
    return Parsed(rows, lines, rejects, "; ".join(assumed))


def _values(line: str, table: TextTable | None, mark: str) -> dict[str, str] | str:
    if table is None:
        return "stands above the table"
    if "\0" in line:
        return "holds NUL bytes"
    if not mark:
        return cells(line, table, lambda name: name.lower() in NUMBERS)
    parts = _split(line, mark)
    if len(parts) != len(table.names):
        return f"has {len(parts)} values where the header has {len(table.names)}"
    return dict(zip(table.names, parts, strict=True))


def _header(line: str, below: str) -> tuple[TextTable, str] | None:
    """Gives the columns that a line names, and the mark between them where they come from Export-Csv."""
    for table, mark in ((tabbed(line), ""), (ruled(line, below), "")):
        if table and _is_of_queues(table.names):
            return table, mark
    for mark in ",;\t":
        names = _split(line, mark)
        if _is_of_queues(names):
            return TextTable(names), mark
    return None


def _split(line: str, mark: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return []


def _is_of_queues(names: list[str]) -> bool:
    lower = {name.strip().lower() for name in names}
    known = lower & (COLUMNS.keys() | OTHERS)
    return len(lower) == len(names) and len(lower & TELLING) >= 3 and len(known) * 2 > len(lower)


FORMAT = LogFormat(
    name="get_queue_table",
    title="Get-Queue as Format-Table, copied with tabs, or Export-Csv",
    table=QUEUE_STATE,
    recognise=recognise,
    parse=parse,
    samples=(
        """Identity         DeliveryType          Status MessageCount Velocity RiskLevel OutboundIPPool NextHopDomain
--------         ------------          ------ ------------ -------- --------- -------------- -------------
EX01\\4711        SmtpDeliveryToMailbox Ready             0        0 Normal                 0 mailbox database 01
EX01\\4712        DnsConnectorDelivery  Retry            12       -2 Normal                 0 fabrikam.example
EX01\\Submission  Undefined             Ready             0        0 Normal                 0 Submission
""",
        "Identity\tDeliveryType\tStatus\tMessageCount\tNextHopDomain\tLastError\r\n"
        "EX01\\4711\tSmartHostConnectorDelivery\tRetry\t3\t[192.0.2.25]\t451 4.4.0 Primary target IP address responded\r\n",
        '#TYPE Microsoft.Exchange.Data.QueueViewer.ExtensibleQueueInfo\r\n"Identity","DeliveryType","NextHopDomain","Status",'
        '"MessageCount","LastError"\r\n"EX01\\4711","DnsConnectorDelivery","fabrikam.example","Retry","3","421 4.4.1 no, late"\r\n',
    ),
)
