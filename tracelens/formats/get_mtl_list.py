r"""Get-MessageTrackingLog as Format-List text: `Label : value`, long values wrapped, as people paste it.

Source: Microsoft Learn, Get-MessageTrackingLog; layout as in formats.md 5.1. A paste may have lost the indent of
wrapped lines, empty properties and blank lines, and hold warnings and prompts of PowerShell.
"""

from __future__ import annotations

import re
from itertools import pairwise

from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.schema import TRACKING_EVENT
from tracelens.tracking_export import COLUMNS, KEYS, KNOWN, Item, is_header, is_talk, to_rows

MIN_WIDTH = 20
"""Least width of values in a list; a terminal has 80 columns or more."""
LABEL = re.compile(r"(\s*)([A-Za-z]\w*)(\s*):(?:\s(.*)|$)")
TIGHT = re.compile(r"()([A-Za-z]\w*)(\s*):(\S.*)")
"""A label whose value lost the blank before it, at the margin alone: a value goes on with an indent."""


def recognise(head: str, _name: str) -> bool:
    """Tells by its labels whether a text is a list of tracking results."""
    labels = [match[2] for match in map(_label, head.splitlines()[:400]) if match]
    return is_header(labels)


def _label(line: str) -> re.Match[str] | None:
    return LABEL.match(line) or TIGHT.match(line)


def parse(source: Source) -> Parsed:
    """Reads a list of results."""
    shown = physical(source.text)
    lines, rejects, items = _items(shown)
    read = to_rows(items, source.server, source.culture)
    for number, reason in read.wrong.items():
        first, *others = items[number].lines
        lines[first - 1], rejects[first] = "r", reason
        for line in others:
            lines[line - 1], rejects[line] = "r", f"belongs to line {first}: {reason}"
    said = [read.assumed]
    if any(kind == "h" and "ResultSize" in line for kind, line in zip(lines, shown, strict=True)):
        said.append("PowerShell warns that there are more results than it shows (-ResultSize)")
    return Parsed(read.rows, lines, rejects, "; ".join(filter(None, said)))


def _items(shown: list[str]) -> tuple[list[str], dict[int, str], list[Item]]:
    lines: list[str] = []
    rejects: dict[int, str] = {}
    items: list[Item] = []
    wrapped: dict[str, list[str]] = {}
    parts: list[dict[str, list[str]]] = []
    colon, after_blank, in_talk = -1, True, False
    for number, line in enumerate(shown, 1):
        if not line.strip():
            lines.append("b")
            after_blank, in_talk = True, False
            continue
        if is_talk(line):
            lines.append("h")
            in_talk = True
            continue
        match = _label(line)
        place = match.start(3) + len(match[3]) if match else -1
        if match and (match[2].lower() in KNOWN or (place == colon and match[3])):
            label = match[2]
            again = label in wrapped
            is_first = label.lower() == "runspaceid" or (again and label == next(iter(wrapped)))
            if not items or (again and is_first) or (after_blank and (again or is_first)):
                wrapped = {}
                items.append(Item([], {}))
                parts.append(wrapped)
                again = False
            if not again:
                colon, after_blank, in_talk = place, False, False
                wrapped[label] = [match[4] or ""]
                lines.append("c" if items[-1].lines else "e")
                items[-1].lines.append(number)
                continue
        if in_talk:
            lines.append("h")
        elif wrapped and (not after_blank or line[:1].isspace()):
            wrapped[next(reversed(wrapped))].append(line)
            lines.append("c")
            items[-1].lines.append(number)
        else:
            lines.append("r")
            rejects[number] = "no property of Get-MessageTrackingLog"
    hard = _is_hard(parts)
    pieces = [text for found in parts for texts in found.values() for text in texts[:-1]]
    width = max((len(text.strip()) for text in pieces), default=0)
    for item, found in zip(items, parts, strict=True):
        item.values = {label: _join(texts, hard, width, COLUMNS.get(label.lower())) for label, texts in found.items()}
        item.cut = {label for label, text in item.values.items() if text.endswith(("...", "…")) and text[:1] != "{"}
    return lines, rejects, items


def _is_hard(parts: list[dict[str, list[str]]]) -> bool:
    """Tells whether a terminal broke lines in the middle of words: a number goes on in the next line."""
    return any(
        one[-1:].isdigit() and two[:1].isdigit()
        for found in parts
        for texts in found.values()
        for one, two in pairwise(texts)
    )


def _join(texts: list[str], hard: bool, width: int, column: str | None) -> str:
    """Joins a wrapped value: an indented line goes on after a blank, save where a word was longer than the line."""
    whole = texts[0].rstrip("\r") if len(texts) > 1 else texts[0].strip()
    for above, text in pairwise(texts):
        bare = text.strip()
        if column in KEYS:
            gap = " " if whole.rstrip().endswith((",", ";")) else ""  # an id or address holds no blank
        elif text[:1].isspace():
            word = len(whole.split(" ")[-1]) + len(bare.split(" ")[0])
            is_broken = len(above.strip()) == width >= MIN_WIDTH and word > width
            gap = "" if whole.endswith(" ") or is_broken else " "
        else:
            gap = "" if hard or whole.endswith(" ") else " "
        whole = whole + gap + bare
    return whole.strip()


FORMAT = LogFormat(
    name="get_mtl_list",
    title="Get-MessageTrackingLog | Format-List, as text",
    table=TRACKING_EVENT,
    recognise=recognise,
    parse=parse,
    samples=(
        r"""RunspaceId              : 00000000-0000-4000-8000-000000000001
Timestamp               : 02.03.2026 10:00:05
ClientIp                : 192.0.2.5
ClientHostname          : edge01.example.com
ServerIp                : 192.0.2.10
ServerHostname          : EX01
SourceContext           : 08DC0000000000A1;2026-03-02T08:00:04.500Z;0
ConnectorId             : EX01\Default EX01
Source                  : SMTP
EventId                 : RECEIVE
InternalMessageId       : 4711
MessageId               : <a1@example.com>
NetworkMessageId        : 00000000-0000-4000-8000-0000000000a1
Recipients              : {bob@contoso.com, carol@contoso.com}
RecipientStatus         : {}
TotalBytes              : 2048
RecipientCount          : 2
RelatedRecipientAddress :
Reference               :
MessageSubject          : A subject so long that it goes
                          on in the next line
Sender                  : ann@example.com
ReturnPath              : ann@example.com
MessageInfo             : 0cA:
MessageLatency          :
MessageLatencyType      : None
EventData               : {[FirstForestHop, EX01.contoso.com], [DeliveryPriority, Normal]}

WARNING: There are more results available than are currently displayed. To view them, increase the value for the
ResultSize parameter.
""",
        """Timestamp : 3/2/2026 9:00:05 AM
ServerHostname : EX01
Source : STOREDRIVER
EventId : DELIVER
MessageId : <a1@example.com>
Recipients : {bob@contoso.com}

Timestamp : 3/13/2026 9:00:06 AM
ServerHostname : EX01
Source : STOREDRIVER
EventId : DELIVER
MessageId : <a2@example.com>
Recipients : {bob@contoso.com}
""",
    ),
)
