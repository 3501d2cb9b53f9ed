r"""Parts of protocol and tracking logs as people paste them; read only where the strict readers know nothing.

A page eats `#` and `*`, writes `&gt;`, wraps long lines, puts `> ` or line numbers in front, shows tabs for commas. What
was mended is said in `log_file.reason`; what cannot be is rejected, and no field is made up.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from tracelens.culture import HIDDEN
from tracelens.formats import LogFormat, Parsed, Source
from tracelens.formats.bags import physical
from tracelens.formats.csv_lines import split
from tracelens.formats.exo_time import absolute
from tracelens.formats.pasted_rows import lost_event, name_servers, smtp_row, tracking_row
from tracelens.schema import (
    SMTP_EVENT,
    SMTP_FIELDS,
    TRACKING_2007,
    TRACKING_2010,
    TRACKING_2013,
    TRACKING_2016,
    TRACKING_EVENT,
    Table,
)  # fmt: skip

TIME = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z?(?=[,;\t])")
STRICT = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?,")
IN_FRONT = re.compile(
    r"[\s>|`•*\-\d.:()\[\]\"'#Ll]{0,40}"
    # findstr, Select-String, grep: the file and the line before each hit
    r"|(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [^,;]{1,120}?[:\s]\s?"  # syslog
    r"|[\s>]{0,9}(?:[A-Za-z]:|\\\\)?[^:*?\"<>|,;]{1,250}\.(?:log|txt|csv)(?:[(:]\d{1,9}\)?)?[:-]\s?",
    re.I,
)
UNSEEN = re.compile(f"^{HIDDEN.pattern}+")
ENTITY = re.compile(r",&[lg]t;,")
QUOTED = re.compile(r"[\s>|`]*")
HEADER = re.compile(
    r"[\s>|`*#\d.:)]{0,40}(Software|Version|Log-type|Date|Fields)\s*:\s*(.*)|[\s>|`]*(date-time,(?:client-ip|connector-id),.*)",
    re.I,
)
MARKS = ("+", "-", ">", "<", "*")
PLACEHOLDER = re.compile(r"[^,]*,[^,]*,[^,]*,\d{1,6},[^,]*:\d{1,5},[^,]*:\d{1,5},[-+<>*],")
GENERATIONS = {len(names): tuple(names) for names in (TRACKING_2007, TRACKING_2010, TRACKING_2013, TRACKING_2016)}
FARTHEST, NARROWEST = 60, 60


@dataclass
class _Line:
    """One physical line, unescaped: its text from the date on for one that starts a row."""

    text: str
    kind: str
    delimiter: str = ","
    mended: set[str] = field(default_factory=set)
    front: str = ""


def _strip_front(lines: Sequence[_Line]) -> None:
    """Takes off broken rows' further lines what stands before each row, as the bullet of a list."""
    fronts = {line.front for line in lines if line.kind == "s"}
    front = fronts.pop().rstrip() if len(fronts) == 1 else ""
    for line in lines if front else ():
        if line.kind == "o" and line.text.startswith(front):
            line.text = line.text.removeprefix(front).removeprefix(" ")
            line.kind = "o" if line.text.strip() else "b"


def _look(line: str) -> _Line:
    text = UNSEEN.sub("", line.rstrip("\r").replace("\ufeff", ""))
    mended: set[str] = set()
    if "&" in text and (plain := html.unescape(text)) != text:
        text, mended = plain, {"HTML entities"}
    if not text.strip():
        return _Line(text, "b")
    found = TIME.search(text[:300])
    if found and IN_FRONT.fullmatch(text[: found.start()]):
        front = text[: found.start()].strip()
        text = text[found.start() :]
        if front:
            mended.add("marks or numbers before lines")
        if front.endswith('"') and text.rstrip().endswith('"'):
            text = text.rstrip()[:-1].replace('""', '"')
        return _Line(text, "s", line_delimiter(text), mended, front)
    if HEADER.fullmatch(text):
        return _Line(text, "h")
    rest = QUOTED.sub("", text, count=1)
    return _Line(rest, "o" if rest.strip() else "b")


def line_delimiter(text: str) -> str:
    """Gives what stands behind the date-time."""
    found = TIME.match(text)
    return text[found.end()] if found else ","


def _fields(text: str, delimiter: str) -> list[str] | None:
    """Gives the fields of one row of either log, None where it is none."""
    row = split(text, delimiter)
    if row is None or absolute(row[0]) is None:
        return None
    return row if _log_of(row) else None


def _log_of(row: Sequence[str]) -> str:
    if len(row) == 9 and (row[6].strip() in MARKS or not row[6].strip()) and re.fullmatch(r"\d{0,9}", row[3].strip()):
        return "smtp"
    if len(row) in GENERATIONS and re.fullmatch(r"[A-Za-z]{3,30}", row[8].strip()):
        return "tracking"
    return ""


def recognise(head: str, name: str, wanted: str = "") -> bool:
    """Tells by a row behind whatever a page put before it, or by rows whose date a poster blanked out."""
    lines = head.split("\n")[:400]
    if any(STRICT.match(line) and _is_strict(line) for line in lines[:50]) and not _is_broken(lines):
        return False
    found = _found(lines, name)
    return bool(found) and found == wanted


def _is_broken(lines: Sequence[str]) -> bool:
    """Tells whether a page broke rows that only the lenient reader makes whole: lines cut in two, marks as entities."""
    full = [line for line in lines if line.strip()]
    return any(
        STRICT.match(line)
        and not _is_strict(line)
        and (ENTITY.search(line) or (_fields(line, ",") is None and not STRICT.match(below) and below[:1] != "#"))
        for line, below in pairwise([*full, "#"])
    )


def _is_strict(line: str) -> bool:
    try:
        row = next(csv.reader([line]))
    except (csv.Error, StopIteration):
        return False
    return _log_of(row) != "" and (len(row) != 9 or row[6] in MARKS)


def _found(lines: Sequence[str], name: str) -> str:
    """Gives which log a text holds: smtp_receive, smtp_send, tracking, or none."""
    looked = [_look(line) for line in lines]
    _strip_front(looked)
    for line in looked:
        shown = HEADER.fullmatch(line.text) if line.kind == "h" else None
        if shown and (shown[1] or "").lower() == "log-type" and any(one.kind == "s" for one in looked):
            for said, log in (
                ("smtp receive", "smtp_receive"),
                ("smtp send", "smtp_send"),
                ("message tracking", "tracking"),
            ):
                if shown[2].lower().startswith(said):
                    return log
    for _, used, row in _rows(looked):
        if row:
            return "tracking" if _log_of(row) == "tracking" else side(name, row[1])
        del used
    blanked = [line for line in looked if PLACEHOLDER.match(line.text)]
    full = sum(line.kind != "b" for line in looked)
    return side(name, blanked[0].text.split(",")[1]) if blanked and 2 * len(blanked) > full else ""


def side(name: str, connector: str) -> str:
    """Gives which SMTP log rows of a connector are of, by the file's name, else by the connector's."""
    lower = name.lower()
    if "send" in lower:
        return "smtp_send"
    return "smtp_receive" if lower.startswith("recv") or "receive" in lower or "\\" in connector else "smtp_send"


def _rows(lines: Sequence[_Line]) -> list[tuple[int, int, list[str] | None]]:
    """Gives each row's first line, how many lines it takes, and its fields."""
    width = max((len(line.text) for line in lines if line.kind in "so"), default=0)
    found = []
    for at, line in enumerate(lines):
        if line.kind != "s":
            continue
        text, used = line.text, 1
        row = _fields(text, line.delimiter)
        best = 1
        while at + used < len(lines) and lines[at + used].kind == "o" and used < FARTHEST:
            before, piece = lines[at + used - 1].text, lines[at + used].text
            if row is not None and len(before.rstrip()) + len(piece.split(maxsplit=1)[0]) < max(width, NARROWEST):
                break
            is_hard = before.endswith(line.delimiter) or piece.startswith(line.delimiter) or before.endswith(" ")
            text = text.rstrip(" ") + (piece if is_hard and not before.endswith(" ") else " " + piece)
            used += 1
            longer = _fields(text, line.delimiter)
            if longer is not None:
                row, best = longer, used
            elif row is not None:
                break
        found.append((at, best if row is not None else 1, row))
    return found


def parse(source: Source, log: str = "smtp_send") -> Parsed:
    """Reads what can be read as rows of one log."""
    shown = physical(source.text)
    looked = [_look(line) for line in shown]
    _strip_front(looked)
    rejects: dict[int, str] = {}
    kinds = ["r" if line.kind in "so" else line.kind for line in looked]
    assumed = {f"taken for {log} by its columns"} if not any(line.kind == "h" for line in looked) else set()
    rows: list[dict[str, Any]] = []
    for at, used, row in _rows(looked):
        if row is None:
            rejects[at + 1] = "has too few or too many fields, or an open quote"
        elif _log_of(row) != ("tracking" if log == "tracking" else "smtp"):
            rejects[at + 1] = "is a row of another log"
        elif any("\0" in line for line in shown[at : at + used]):
            rejects[at + 1] = "holds NUL bytes"
        else:
            kinds[at : at + used] = ["e", *"c" * (used - 1)]
            assumed |= looked[at].mended | ({"wrapped lines joined"} if used > 1 else set())
            assumed |= {"tabs or semicolons for commas"} if looked[at].delimiter != "," else set()
            rows.append({**_typed(row, log, source.server, assumed), "line_number": at + 1})
    for number, kind in enumerate(kinds, 1):
        if kind == "r":
            rejects.setdefault(number, "does not begin with a date-time")
    if log != "tracking":
        name_servers(rows, source.server, log.removeprefix("smtp_"))
    return Parsed(rows, kinds, rejects, "pasted text: " + ", ".join(sorted(assumed)) if assumed else "")


def _typed(row: list[str], log: str, server: str | None, assumed: set[str]) -> dict[str, Any]:
    if log == "tracking":
        return tracking_row(dict(zip(GENERATIONS[len(row)], row, strict=True)), server)
    made = smtp_row(dict(zip(SMTP_FIELDS, (value.strip() for value in row), strict=True)), log.removeprefix("smtp_"))
    if not made["event"]:
        made["event"] = lost_event(row[7].strip(), row[8].strip(), made["direction"])
        assumed.add("lost event marks put back")
    return made


def _format(name: str, log: str, table: Table, title: str, sample: str) -> LogFormat:
    return LogFormat(
        name=name, title=title, table=table,
        recognise=partial(recognise, wanted=log), parse=partial(parse, log=log), samples=(sample,),
    )  # fmt: skip


FORMATS = (
    _format(
        "pasted_smtp_receive", "smtp_receive", SMTP_EVENT, "parts of SMTP receive logs as pasted",
        "Log-type: SMTP Receive Protocol Log\n> 2026-03-02T08:00:00.000Z,EX01\\Default Frontend EX01,08DC0000000000A1,1,"
        "192.0.2.1:25,198.51.100.7:4100,&lt;,EHLO a.example.com,\n",
    ),
    _format(
        "pasted_smtp_send", "smtp_send", SMTP_EVENT, "parts of SMTP send logs as pasted",
        "12: 2026-03-02T08:00:00.000Z,To Internet,08DC0000000000B1,0,,198.51.100.25:25,,,attempting to\n"
        "connect to the one host that is left\n",
    ),
    _format(
        "pasted_tracking", "tracking", TRACKING_EVENT, "parts of message tracking logs as pasted",
        "> 2026-03-02T08:00:00.000Z,192.0.2.5,ex01,192.0.2.5,ex01,08DC0000000000A1;2026-03-02T08:00:00.000Z;0,\n"
        "> EX01\\Default EX01,SMTP,RECEIVE,4711,<a1@example.com>,bob@contoso.com,,2048,1,,,Hello,ann@example.com,\n"
        "> ann@example.com,0cA:\n",
    ),
)  # fmt: skip
