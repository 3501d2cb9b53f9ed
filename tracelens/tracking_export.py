"""Properties of `Get-MessageTrackingLog` to rows of `tracking_event`, whatever text they were written to.

Source: formats.md 5.1 (properties and their fields), 2.4 (recipient status), 2.7 (custom data); Microsoft Learn,
Get-MessageTrackingLog.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tracelens.culture import Stamp, is_time, utc_times
from tracelens.shells import to_utc

COLUMNS = {
    "timestamp": "date_time",
    "clientip": "client_ip",
    "clienthostname": "client_hostname",
    "serverip": "server_ip",
    "serverhostname": "server_hostname",
    "sourcecontext": "source_context",
    "connectorid": "connector_id",
    "source": "source",
    "eventid": "event_id",
    "internalmessageid": "internal_message_id",
    "messageid": "message_id",
    "networkmessageid": "network_message_id",
    "recipients": "recipient_address",
    "recipientstatus": "recipient_status",
    "totalbytes": "total_bytes",
    "recipientcount": "recipient_count",
    "relatedrecipientaddress": "related_recipient_address",
    "reference": "reference",
    "messagesubject": "message_subject",
    "sender": "sender_address",
    "returnpath": "return_path",
    "messageinfo": "message_info",
    "directionality": "directionality",
    "tenantid": "tenant_id",
    "originalclientip": "original_client_ip",
    "originalserverip": "original_server_ip",
    "eventdata": "custom_data",
    "transporttraffictype": "transport_traffic_type",
    "schemaversion": "schema_version",
    "logid": "log_id",
}
"""Column of a property, both without case. Source: formats.md 5.1."""
KNOWN = {*COLUMNS, "messagelatency", "messagelatencytype", "pscomputername", "runspaceid", "psshowcomputername"}
OF_REMOTING = {"pscomputername", "runspaceid", "psshowcomputername"}
CALLED = {
    **dict.fromkeys(("date", "time", "datetime", "timestamputc", "utctimestamp", "datetimeutc"), "timestamp"),
    **dict.fromkeys(("recipient", "recipientaddress", "to"), "recipients"),
    **dict.fromkeys(("from", "senderaddress"), "sender"),
    "subject": "messagesubject", "server": "serverhostname", "event": "eventid", "customdata": "eventdata",
    "size": "totalbytes",
}  # fmt: skip
"""Property of a name that people, or the log itself, give it; the log's `date-time` is UTC."""
OF_LOG = {"eventid", "messageid", "internalmessageid", "networkmessageid", "sourcecontext", "clienthostname",
          "serverhostname", "connectorid", "messagesubject"}  # fmt: skip
TELLING = {*OF_LOG, "source", "recipients", "sender", "returnpath"}
OF_AGENTS = {"agent", "p1fromaddress"}
"""Properties of Get-AgentLog, whose others are the same."""
BY_CLIENT = {"SEND", "SENDEXTERNAL", "NOTIFYMAPI", "NOTIFYSHADOW", "SUBMIT", "SUBMITDEFER", "SUBMITFAIL", "AGENTINFO"}
"""Events whose writer is the client side."""
NUMBERS = {"internal_message_id", "total_bytes", "recipient_count"}
KEYS = {"message_id", "network_message_id", "recipient_address", "sender_address", "return_path", "client_ip",
        "server_ip", "client_hostname", "server_hostname", "related_recipient_address", "event_id", "source",
        "original_client_ip", "internal_message_id", "reference"}  # fmt: skip
"""Columns in which a part of a value is no value."""
NO_NETWORK_ID = "00000000-0000-0000-0000-000000000000"
ZONED = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:\d\d)\s*$")
TYPE_NAME = re.compile(r"System\.[\w.]+(\[\]|`\d).*|System\.Collections\.[\w.]+|\{?System\.String\[\]\}?", re.DOTALL)
PAIR = re.compile(r"\[([A-Za-z][\w.-]*), (.*?)\](?=[,;\s]*(?:\[[A-Za-z][\w.-]*, |\.\.\.|…|$))", re.DOTALL)
COLON_PAIRS = re.compile(r"[A-Za-z][\w.-]*:[^,]*(?:, [A-Za-z][\w.-]*:[^,]*)*")
STATUS = re.compile(r"(?:^|;)((?:\[(?:[^\[\]]|\[[^\[\]]*\])*\]|[^;\[])*)")
"""A status between semicolons outside `[…]`, nested once. Source: formats.md 2.4."""
CODED = re.compile(r";(?=[245]\d\d[ -])")
"""A semicolon before a status that begins with its code: the text of one may have semicolons of its own."""
CUT = ("...", "…")
TALK = re.compile(
    r"\s*(WARNING|WARNUNG|WAARSCHUWING|AVERTISSEMENT|ADVERTENCIA|AVVISO|AVISO|OSTRZEŻENIE|VARNING|ADVARSEL|UPOZORNĚNÍ|"
    r"ПРЕДУПРЕЖДЕНИЕ|ВНИМАНИЕ|VERBOSE|警告)\s?[:：]|\s*\[PS\].*>|\s*PS [A-Za-z]:\\.*>|\s*>> ?"
)
"""Lines that PowerShell writes between results: warnings in some languages, and prompts."""


@dataclass
class Item:
    """One result of the command, as text.

    Attributes:
        lines: Physical lines it stands on, from 1; the first one numbers the event.
        values: Text by property.
        cut: Properties that the text shows only in part.
        part: Which part of its file it stands in: each header begins one.
    """

    lines: list[int]
    values: dict[str, str]
    cut: set[str] = field(default_factory=set)
    part: int = 0


@dataclass
class Read:
    """Events of an export.

    Attributes:
        rows: As `tracelens.formats.Parsed.rows`.
        wrong: Reason by number of each item that is no event.
        assumed: What was taken for granted.
    """

    rows: list[dict[str, Any]]
    wrong: dict[int, str]
    assumed: str


@lru_cache(4096)
def plain_name(name: str) -> str:
    """Gives a column's name without case, blanks and marks."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@lru_cache(4096)
def property_of(name: str) -> str:
    """Gives the property, without case, that a column shows: by its name, a known other one, or what was calculated."""
    plain = plain_name(name)
    calculated = re.search(r"\$_\.(\w+)", name)
    if plain not in KNOWN and calculated and calculated[1].lower() in KNOWN:
        return calculated[1].lower()
    return plain if plain in KNOWN else CALLED.get(plain, name.strip().lower())


def is_header(names: Sequence[str]) -> bool:
    """Tells whether names are properties of Get-MessageTrackingLog, its time among them."""
    shown = {plain_name(name) for name in names}
    if shown.issuperset(OF_AGENTS) or not any(property_of(name) == "timestamp" for name in names):
        return False
    return len(shown & (TELLING if "timestamp" in shown else OF_LOG)) >= 2


def is_talk(line: str) -> bool:
    """Tells whether PowerShell wrote the line, not the command."""
    return bool(TALK.match(line))


def to_rows(items: Sequence[Item], server: str | None, culture: str) -> Read:
    """Makes events of results.

    Args:
        items: Results of one file.
        server: Server that wrote all of them, where the caller says it.
        culture: Culture of their times, where the caller says it.

    Raises:
        UsageError: The culture is not known.
    """
    values = [_by_property(item.values) for item in items]
    wrong = {number: reason for number, found in enumerate(values) if (reason := _fault(found))}
    good = [number for number in range(len(items)) if number not in wrong]
    times = to_utc([_stamp(values[number], items[number].part) for number in good], culture)
    rows, notes = [], Counter[str]()
    for number, time in zip(good, times.utc, strict=True):
        if time is None:
            wrong[number] = f"its Timestamp '{values[number]['timestamp'][:40]}' is no time in the way the others are"
            continue
        cut = {property_of(name) for name in items[number].cut}
        row = _row(values[number], items[number].values, cut, notes)
        written = row["client_hostname"] or row["server_hostname"]
        if row["event_id"] not in BY_CLIENT:
            written = row["server_hostname"] or row["client_hostname"]
        row["server"] = server or (written.split(".")[0].strip().upper() if written else None)
        row["date_time"], row["line_number"] = time, items[number].lines[0]
        rows.append(row)
    said = [times.assumed, *(f"{count} rows {note}" for note, count in sorted(notes.items()))]
    return Read(rows, wrong, "; ".join(filter(None, said)))


def _by_property(shown: Mapping[str, str]) -> dict[str, str]:
    """Gives the text of each property; of two columns that show one, the text of the one that has its name."""
    found: dict[str, str] = {}
    for name, text in shown.items():
        known = property_of(name)
        if known in found and plain_name(name) != known:
            continue
        says_utc = "utc" in plain_name(name) or name.strip().lower() == "date-time"
        is_utc = known == "timestamp" and says_utc and not ZONED.search(text)
        found[known] = f"{text.strip()} UTC" if is_utc else text
    return found


def _fault(found: Mapping[str, str]) -> str | None:
    text = found.get("timestamp", "").strip()
    if not text:
        return "has no Timestamp"
    if text.endswith(CUT):
        return "its Timestamp is cut"
    if not is_time(text):
        return f"its Timestamp '{text[:40]}' is no time"
    if not any(found.get(name, "").strip() for name in TELLING):
        return "says nothing but a time"
    return None


def _stamp(found: Mapping[str, str], part: int) -> Stamp:
    """Gives the time with the UTC times beside it. Source: formats.md 2.3 (SourceContext), 2.6 (MessageInfo)."""
    source, event = found.get("source", "").upper(), found.get("eventid", "").upper()
    context = found.get("sourcecontext", "")
    near: tuple[Any, ...] = ()
    if (source, event) in (("SMTP", "RECEIVE"), ("STOREDRIVER", "DELIVER"), ("STOREDRIVER", "DELIVERFAIL")) or (
        not event and re.match(r"[0-9A-F]{8,16};\d{4}-", context)
    ):
        near = utc_times(context.split(";ClientSubmitTime")[0])
    return Stamp(found["timestamp"], near, utc_times(found.get("messageinfo", "").split(";")[0]), part)


def _row(found: Mapping[str, str], shown: Mapping[str, str], cut: set[str], notes: Counter[str]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS.values())
    extra: dict[str, Any] = {}
    said: set[str] = set()
    for name, text in shown.items():
        lower = property_of(name)
        column = COLUMNS.get(lower) if lower == "timestamp" or found[lower] == text else None
        value = text.strip()
        if column is None:
            if value and lower not in OF_REMOTING and (lower, value) != ("messagelatencytype", "None"):
                extra[name.strip()] = value
        elif not value or column in ("date_time", "recipient_status"):
            continue
        elif TYPE_NAME.fullmatch(value):
            said.add("show a type name (System.String[]) in place of a list: join it before Export-Csv")
        elif lower in cut and column in KEYS:
            extra[f"{column}_cut"] = value
            said.add("have values cut with ..., kept in extra")
        else:
            row[column] = _value(column, value, extra)
    if isinstance(row["recipient_address"], list) and row["recipient_address"][-1:] == ["..."]:
        row["recipient_address"].pop()
        said.add("show only the first of their recipients")
    notes.update(said)
    if "recipientstatus" in found:
        row["recipient_status"] = _statuses(found["recipientstatus"].strip(), row["recipient_address"])
    row["extra"] = json.dumps(extra, ensure_ascii=False) if extra else None
    return row


def _value(column: str, value: str, extra: dict[str, Any]) -> Any:
    if column == "recipient_address":
        return split_list(value)
    if column in NUMBERS:
        if re.fullmatch(r"-?\d{1,18}", value):
            return int(value)
        extra[column] = value
        return None
    if column == "event_id":
        return value.upper()
    if column == "network_message_id":
        return None if value == NO_NETWORK_ID else value.lower()
    if column in ("reference", "related_recipient_address"):
        return ";".join(split_list(value)) or None if value[0] == "{" or "\n" in value else value
    if column == "custom_data":
        return custom_data(value)
    return None if value == "{}" and column != "message_subject" else value


def split_list(text: str) -> list[str]:
    """Gives the elements of a list in braces, or joined by `;`, `,`, line breaks or blanks; a cut one ends in `...`."""
    text = text.strip()
    bare = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text.removeprefix("{")
    mark = next((mark for mark in (";", "\n", ",") if mark in bare), None)
    if mark is None and bare.count("@") > 1 and all(part.count("@") == 1 for part in bare.split("|")):
        mark = "|"
    if mark is None:
        mark = " " if all("@" in part for part in bare.split()) else None
    parts = [part.strip(" ,;\r\n") for part in (bare.split(mark) if mark else [bare])]
    parts = [part for part in parts if part]
    if parts and parts[-1].endswith(CUT) and text[:1] == "{":
        last = parts.pop().rstrip(".…")
        parts += [last, "..."] if last else ["..."]
    return parts


def _statuses(text: str, recipients: Sequence[str] | None) -> list[str] | None:
    """Gives one status per recipient; the whole text for each where it cannot be split; None where it is not shown."""
    if TYPE_NAME.fullmatch(text):
        return None
    bare = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    bare = bare.strip()
    if not bare:
        return []
    count = len(recipients or ())
    if count <= 1:
        return [bare]
    if text[:1] == "{":
        tries = [bare.split(", ")]
    else:
        tries = [
            split_statuses(bare, count) or [],
            bare.split(", "),
            bare.split("\n"),
            bare.split(","),
            bare.split(),
        ]
    found = next((parts for parts in tries if len(parts) == count), [bare] * count)
    return [part.strip() for part in found]


def split_statuses(text: str, count: int) -> list[str] | None:
    """Splits the statuses of so many recipients as the log joins them; None where they cannot be told apart.

    Nothing is left out: with a bracket that is not closed, the parts would not make the text again.
    """
    parts = STATUS.findall(text)
    if len(parts) == count and ";".join(parts) == text:
        return parts
    coded = CODED.split(text)
    return coded if len(coded) == count else None


def custom_data(text: str) -> str | None:
    """Gives event data in the form of the log, `S:Key=Value;S:Key=Value`; text of another shape as it is."""
    bare = text.strip()
    bare = bare[1:-1] if bare[:1] == "{" and bare[-1:] == "}" else bare.removeprefix("{")
    bare = bare.strip()
    if not bare:
        return None
    if bare[0] == "[":
        pairs = PAIR.findall(bare)
    elif not bare.startswith("S:") and COLON_PAIRS.fullmatch(bare):
        pairs = [part.split(":", 1) for part in bare.split(", ")]
    else:
        pairs = []
    return ";".join(f"S:{key}={value.strip()}" for key, value in pairs) or bare
