"""Message headers and non-delivery reports, pasted or saved as `.eml`: each hand-over and each refusal they tell.

Source: formats.md 5.4; RFC 5322 2.2.3 (folding); Microsoft Learn, "NDRs in Exchange Server".
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from tracelens.formats import LogFormat, Parsed, Source, received
from tracelens.formats import diagnostics as reports
from tracelens.formats.bags import physical
from tracelens.formats.header_blocks import Block, Field, Told, read_field, scan
from tracelens.formats.unmime import Line, undo
from tracelens.schema import HEADER_HOP

RECEIVED = re.compile(r"received:[ \t]", re.I)
QUOTED = re.compile(r"(?:> ?)+(?:received|message-id|return-path):[ \t]", re.I)
STARTS = re.compile(
    r"(?:received:[ \t]+(?:from|by)|return-path:|delivered-to:|x-ms-exchange-[a-z-]+:|generating server: *\S)", re.I
)
GENERATING = re.compile(r"\s*Generating server: *\S+\s*$", re.I)
LATENCY = re.compile(r"x-ms-exchange-[a-z-]*(?:messagelatency|highprecisionlatency|endtoendlatency)[a-z]*:", re.I)
SERVER_PART = re.compile(r"L?SRV=([^:;|]{1,255}):")
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*Z")


def recognise(head: str, _: str) -> bool:
    """Tells message headers and non-delivery reports: a dated Received header, or a diagnostic line of a report."""
    lines = undo(_unquoted(physical(head)))
    if {"final-recipient", "diagnostic-code"} <= {line.text.partition(":")[0].lower() for line in lines}:
        return True
    for place, line in enumerate(lines):
        if reports.said(line.text) or GENERATING.match(line.text):
            return True
        if RECEIVED.match(line.text):
            entry = read_field(lines, place)[0]
            found = received.read(entry.value)
            if isinstance(found, dict) and found["date_time"]:
                return True
    return bool(lines and STARTS.match(lines[0].text) and any(LATENCY.match(line.text) for line in lines))


def parse(source: Source) -> Parsed:
    """Reads headers and reports of a whole file."""
    raw = physical(source.text)
    lines = undo(_unquoted(raw))
    blocks, told = scan(lines)
    parsed = Parsed([], ["b" if not text.strip() else "h" for text in raw])
    known: set[tuple[str, ...]] = set()
    for block in blocks:
        chain = tuple("".join(entry.value.split()) for entry in block.hops)
        if chain and chain in known:
            continue
        known.add(chain)
        about = _about(block)
        for place, entry in enumerate(block.hops):
            found = received.read(entry.value)
            if isinstance(found, str):
                _mark(parsed, entry.lines, found)
                continue
            found["recipient_address"] = found["recipient_address"] or about["recipient_address"]
            hop = {**about, **found, "hop_number": len(block.hops) - place}
            _add(parsed, entry.lines, {**hop, "text": f"Received: {entry.value}"})
        for entry in block.fields:
            if LATENCY.match(entry.name + ":"):
                _latencies(parsed, entry, about)
    _diagnostics(parsed, source, blocks, told)
    parsed.rows.sort(key=lambda row: row["line_number"])
    return parsed


def _unquoted(lines: list[str]) -> list[str]:
    """Gives the lines of a text that was quoted in an answer without their `>`; a text that was not as it is."""
    if not any(QUOTED.match(line) for line in lines):
        return lines
    return [re.sub(r"^(?:> ?)+", "", line) for line in lines]


def _about(block: Block) -> dict[str, Any]:
    """Gives the message that a block of headers belongs to."""
    receiver = block.value("to") or ""
    return {
        "message_id": block.value("message-id"),
        "sender_address": parseaddr(block.value("from") or "")[1] or None,
        "recipient_address": parseaddr(receiver)[1] or None
        if receiver.count("@") < 3 and "," not in receiver
        else None,
    }


def _latencies(parsed: Parsed, entry: Field, about: dict[str, Any]) -> None:
    stamp = STAMP.search(entry.value)
    try:
        time = datetime.fromisoformat(stamp[1]) if stamp else None
    except ValueError:
        time = None
    for name in dict.fromkeys(SERVER_PART.findall(entry.value)) or [None]:
        row = {
            **about,
            "kind": "latency",
            "date_time": time,
            "by_host": name,
            "server": received.host(name) if name else None,
        }
        _add(parsed, entry.lines, {**row, "text": f"{entry.lines[0].text.partition(':')[0]}: {entry.value}"})


def _diagnostics(parsed: Parsed, source: Source, blocks: list[Block], told: list[Told]) -> None:
    """Adds what the report says: its lines first, then the part for machines where it says something else."""
    known = {(item.said.recipient or "", reports.folded(item.said.text)) for item in told}
    reporting = None
    for number, block in enumerate(blocks):
        reporting = _typed(block.value("reporting-mta")) or reporting
        code = block.value("diagnostic-code")
        if not code or not block.value("final-recipient"):
            continue
        text, recipient = _typed(code) or "", _typed(block.value("final-recipient"))
        if any(recipient == who and _same(text, words) for who, words in known):
            continue
        lines = next(entry.lines for entry in block.fields if entry.name == "diagnostic-code")
        said = reports.Said(text, _typed(block.value("remote-mta")), None, recipient, block.value("last-attempt-date"))
        told.append(Told(said, lines, reporting, number))
    times = [time for block in blocks for entry in block.hops if (time := _time(entry))]
    latest, is_unclear = max(times, default=None), False
    for item in told:
        original = next((block for block in blocks[item.block :] if block.hops or block.value("message-id")), None)
        about = _about(original) if original else {"message_id": None, "sender_address": None}
        written = item.said.when
        date, unclear = reports.when(written, latest, source.culture)
        is_unclear = is_unclear or unclear
        answering = item.said.host or item.generating
        row = {
            "kind": "diagnostic", "date_time": date or (received.utc(written) if written else None),
            "server": received.host(item.generating) if item.generating else None,
            "from_host": item.generating if item.said.host else None, "by_host": answering, "by_ip": item.said.ip,
            "message_id": about["message_id"], "sender_address": about["sender_address"],
            "recipient_address": item.said.recipient, "status_code": item.said.status,
            "text": " ".join(" ".join(line.text for line in item.lines).split()),
        }  # fmt: skip
        _add(parsed, item.lines, row)
    if is_unclear:
        parsed.assumed = "day and month of the report's times cannot be told apart: left empty; give --culture"


def _time(entry: Field) -> datetime | None:
    found = received.read(entry.value)
    return found["date_time"] if isinstance(found, dict) else None


def _typed(text: str | None) -> str | None:
    """Gives the value behind `rfc822;`, `dns;` or `smtp;`."""
    return text.split(";", 1)[-1].strip() if text else None


def _same(text: str, known: str) -> bool:
    """Tells whether two tellings of a reply are one: the shorter begins the longer."""
    new = reports.folded(text)
    return bool(new) and (known.startswith(new) or new.startswith(known))


def _add(parsed: Parsed, lines: list[Line], row: dict[str, Any]) -> None:
    clean = {name: plain(value) if isinstance(value, str) else value for name, value in row.items()}
    parsed.rows.append({"server": None, **clean, "line_number": lines[0].first})
    _mark(parsed, lines, None)


def plain(text: str) -> str:
    r"""Gives a text that can be stored: halves of surrogate pairs, which odd charsets can hold, stand as \uNNNN."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _mark(parsed: Parsed, lines: list[Line], reason: str | None) -> None:
    """Marks the physical lines of an event, or of a header that is none with the reason."""
    first, last = lines[0].first, lines[-1].last
    for number in range(first, last + 1):
        if parsed.lines[number - 1] in "bh" and (number == first or parsed.lines[number - 1] == "h"):
            parsed.lines[number - 1] = ("e" if number == first else "c") if reason is None else "r"
            if reason is not None:
                parsed.rejects[number] = reason


FORMAT = LogFormat(
    name="headers",
    title="message headers and non-delivery reports, pasted or as .eml",
    table=HEADER_HOP,
    recognise=recognise,
    parse=parse,
    samples=(
        "Received: from EX01.contoso.com (192.0.2.11) by EX02.contoso.com\n (192.0.2.12) with Microsoft SMTP Server"
        " (version=TLS1_2,\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1118.7; Mon, 2 Mar 2026\n 09:00:05 +0100\n"
        "Received: from EX01.contoso.com ([::1]) by EX01.contoso.com ([::1]) with mapi id\n 15.02.1118.007; Mon, 2 Mar 2026"
        " 09:00:04 +0100\nFrom: Anna <anna@contoso.com>\nTo: bob@example.com\nMessage-ID: <a1@contoso.com>\n",
        "Generating server: EX01.contoso.com\n\nbob@example.com\n#550 5.7.1 RESOLVER.RST.AuthRequired; authentication"
        " required ##\n\nOriginal message headers:\n\nReceived: from EX01.contoso.com ([::1]) by EX01.contoso.com ([::1])"
        " with mapi id\n 15.02.1118.007; Mon, 2 Mar 2026 09:00:04 +0100\nMessage-ID: <a2@contoso.com>\n",
    ),
)
