"""Exchange Online message traces as CSV: Get-MessageTrace and V2, historical searches, the admin centre's summary.

Downloads are UTF-16 with a BOM, re-saved ones anything; delimiters and dates are then those of the culture. All times
are UTC. Source: the project's format reference 5.2; Microsoft Learn, Get-MessageTrace, Start-HistoricalSearch.
"""

from __future__ import annotations

import re
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.csv_lines import DELIMITERS, records, split
from tracelens.formats.exo_row import per_recipient, plain_name, trace_row
from tracelens.formats.exo_time import is_time, to_utc
from tracelens.schema import EXO_TRACE_EVENT

SHAPES = (
    ("extended", {"datetimeutc", "eventid", "messageid"}),
    ("enhanced", {"origintimestamputc", "messageid"}),
    ("summary", {"origintimestamp", "messageid"}),
    ("enhanced", {"origintimestamputc", "senderaddress"}),
    ("detail", {"date", "event", "detail", "messagetraceid"}),
    ("detail", {"date", "event", "action", "detail"}),
    ("summary", {"received", "senderaddress", "recipientaddress"}),
    ("summary", {"received", "messagetraceid"}),
    ("summary", {"received", "sender", "recipient", "status"}),
    ("summary", {"dateutc", "sender", "recipient", "status"}),
    ("summary", {"dateutc", "senderaddress", "recipientaddress"}),
)
"""Names, as compared, that tell an export; each has to be there. `eventid` beside a plain `Timestamp` is on-premises."""
ZONE = re.compile(r"\(UTC ?([+-]\d\d?:\d\d)?\)\s*$")
"""What a page writes behind the name of a column with times."""
DIGIT = re.compile(r"\d")


def kind_of(names: set[str]) -> str:
    """Gives the kind of an export by its column names, empty for another table."""
    return next((kind for kind, needed in SHAPES if needed <= names), "")


def _header(line: str) -> tuple[list[str], str, str]:
    """Gives columns, delimiter and kind of a header line; no columns where it is none."""
    for delimiter in DELIMITERS:
        columns = [name.strip().lstrip("\ufeff") for name in split(line.rstrip("\r"), delimiter) or ()]
        names = {plain_name(name) for name in columns}
        if kind := kind_of(names):
            return columns, delimiter, kind
    return [], ",", ""


def _begin(lines: list[str]) -> int | None:
    """Gives where the header is, below `#TYPE`, `sep=` and blank lines; None where there is none."""
    for at, line in enumerate(lines[:20]):
        if _header(line)[0]:
            return at
        if line.strip(" \r\ufeff") and not line.lstrip('"\ufeff').startswith(("#", "sep=")):
            return None
    return None


def recognise(head: str, _name: str) -> bool:
    """Tells by the header line."""
    return _begin(head.split("\n", 21)) is not None


def parse(source: Source) -> Parsed:
    """Reads an export; a repeated header (exports put one behind the other) changes the columns from there on."""
    lines = physical(source.text)
    at = _begin(lines) or 0
    parsed = Parsed([], ["h" if line.strip() else "b" for line in lines[:at]])
    found: list[tuple[int, dict[str, Any]]] = []
    while at < len(lines):
        at = _section(lines, at, parsed, found)
    times, parsed.assumed = to_utc([str(row["date_time"]) for _, row in found], source.culture)
    for (number, row), moment in zip(found, times, strict=True):
        row["date_time"] = moment
        parsed.rows += [{**each, "line_number": number} for each in per_recipient(row)]
    return parsed


def _section(lines: list[str], begin: int, parsed: Parsed, found: list[tuple[int, dict[str, Any]]]) -> int:
    """Reads a header and the rows below it; gives where the next header is."""
    columns, delimiter, kind = _header(lines[begin])
    parsed.lines.append("h")
    zoned = next(filter(None, map(ZONE.search, columns)), None)
    zone = (zoned[1] or "UTC").replace("+0:", "+00:") if zoned else ""
    for at, used, fields, reason in records(lines, begin + 1, len(columns), delimiter):
        if fields == []:
            parsed.lines.append("b")
            continue
        if not DIGIT.search(lines[at]) and _header(lines[at])[0]:
            return at
        row = trace_row(dict(zip(columns, fields, strict=True)), kind) if fields and len(fields) == len(columns) else {}
        if zone and row.get("date_time"):
            row["date_time"] = f"{row['date_time']} {zone}"
        if row and is_time(str(row.get("date_time", ""))):
            parsed.lines += ["e", *"c" * (used - 1)]
            found.append((at + 1, row))
            continue
        wrong = f"has {len(fields or ())} fields where the header has {len(columns)}"
        why = reason or ("has no readable date-time" if row else wrong)
        parsed.lines += ["r"] * used
        parsed.rejects |= dict.fromkeys(range(at + 1, at + 1 + used), why)
    return len(lines)


FORMAT = LogFormat(
    name="exo_trace_csv",
    title="Exchange Online message traces as CSV (Get-MessageTrace, V2, historical searches, admin centre)",
    table=EXO_TRACE_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        '#TYPE Deserialized.Example.MessageTrace\r\n"MessageId","Received","SenderAddress","RecipientAddress","Subject",'
        '"Status","ToIP","FromIP","Size","MessageTraceId"\r\n"<a1@example.com>","3/14/2026 8:00:00 AM","ann@example.com",'
        '"bob@contoso.com","Hello, Bob","Delivered","","192.0.2.5","2048","0A1B0000-0000-0000-0000-000000000001"\r\n',
        "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,"
        "original_client_ip,directionality,connector_id,delivery_priority\r\n2026-03-14T08:00:00.1234567Z,ann@example.com,"
        '"bob@contoso.com##Receive, Send;carl@contoso.com##Receive, Fail",Hello,2048,<a1@example.com>,'
        "0a1b0000-0000-0000-0000-000000000001,192.0.2.5,Incoming,To contoso,Normal\r\n",
        "date_time_utc,client_ip,client_hostname,server_ip,server_hostname,source_context,connector_id,source,event_id,"
        "internal_message_id,message_id,network_message_id,recipient_address,recipient_status,total_bytes,recipient_count,"
        "related_recipient_address,reference,message_subject,sender_address,return_path,message_info,directionality,"
        "tenant_id,original_client_ip,original_server_ip,custom_data\r\n2026-03-14T08:00:00.1234567Z,192.0.2.5,mx1,"
        "198.51.100.7,mbx1,08DC0000000000A1,To contoso,SMTP,RECEIVE,4711,<a1@example.com>,"
        "0a1b0000-0000-0000-0000-000000000001,bob@contoso.com;carl@contoso.com,;,2048,2,,,Hello,ann@example.com,"
        "ann@example.com,,Incoming,,192.0.2.5,,\r\n",
    ),
)
