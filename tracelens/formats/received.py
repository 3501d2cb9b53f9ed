"""One `Received:` header, unfolded, to its parts.

Source: RFC 5321 4.4 (from, by, via, with, id, for; date); formats.md 5.4 (forms of Exchange).
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

MAX_CHARS = 10_000
MARK = "\x01{}\x01"
NOTE = re.compile(r"\x01(\d+)\x01")
CLAUSE = r"(?=\s(?:by|via|with|id|for|tls)\s|;|$)"
FROM = re.compile(r"^from\s+(\S+)((?:\s+\x01\d+\x01)*)", re.I)
BY = re.compile(r"(?:^|\s)by\s+(\S+)((?:\s+\x01\d+\x01)*)", re.I)
WITH = re.compile(r"\swith\s+(.+?)" + CLAUSE, re.I)
VIA = re.compile(r"\svia\s+(.+?)" + CLAUSE, re.I)
FOR = re.compile(r"\sfor\s+<?([^\s<>;]+@[^\s<>;]+)>?", re.I)
BUILD = re.compile(r"\sid\s+(\d{1,3}\.\d{1,4}\.\d{1,6}\.\d{1,4})(?=[\s;]|$)", re.I)
ADDRESS = re.compile(r"\[?(?:IPv6:)?([0-9A-Fa-f.:]+)(?:%\w+)?\]?$", re.I)
SUITE = re.compile(r"\stls\s+((?:TLS|ECDHE|DHE|AES|CAMELLIA|CHACHA)[\w:-]+)")  # Exim, Haraka
TLS = re.compile(r"version=(TLS\w*[\d.]*|SSL\w*)|using (TLSv?[\d._]+)|^ *(TLSv?1[\d._]*) *$", re.I)
CIPHER = re.compile(r"cipher[=\s]([A-Za-z0-9_-]+)")
DATE = re.compile(
    r";\s*((?:[A-Z][a-z]{2},\s*)?\d{1,2} +[A-Z][a-z]{2} +\d{2,4} +\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?"
    r"(?: *(?:[+-]\d{4}|[A-Z]{1,4}))?)(?: *\x01\d+\x01| *\([^)]*\))?\s*$"
)


def utc(text: str) -> datetime | None:
    """Gives a header's date as UTC without zone; one without a zone is taken as UTC."""
    try:
        found = parsedate_to_datetime(re.sub(r"(?<=\d)\.\d+", "", re.sub(r",(?=\d)", ", ", text)))
        return (found.astimezone(UTC) if found.tzinfo else found).replace(tzinfo=None)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def address(text: str) -> str | None:
    """Gives the IP address that a word or comment is, without brackets and zone, else None."""
    match = ADDRESS.match(text.strip())
    try:
        return str(ipaddress.ip_address(match.group(1))) if match else None
    except ValueError:
        return None


def host(text: str) -> str | None:
    """Gives the short upper-case name of a host; an address stays whole."""
    plain = address(text)
    return plain or text.strip("[]").split(".")[0].upper() or None


def ends(text: str) -> bool:
    """Tells whether an unfolded header has come to its date."""
    return bool(DATE.search(text))


def read(text: str) -> dict[str, Any] | str:
    """Gives the columns that an unfolded `Received` value tells, or why it is none."""
    if len(text) > MAX_CHARS:
        return f"a Received header of {len(text)} characters"
    bare, notes = _notes(" ".join(text.replace("\u2212", "-").split()))
    date = DATE.search(bare)
    body = bare[: date.start()] if date else bare
    sent, taken = FROM.match(body), BY.search(body)
    if not sent and not taken:
        return "a Received header without 'from' and 'by'"
    row: dict[str, Any] = {"kind": "received", "date_time": utc(date.group(1)) if date else None}
    if sent:
        said = [notes[int(number)] for number in NOTE.findall(sent.group(2))]
        row["from_host"] = sent.group(1).strip("[]")
        row["from_ip"] = _first_ip([*said, sent.group(1)])
    if taken:
        said = [notes[int(number)] for number in NOTE.findall(taken.group(2))]
        row["by_host"] = taken.group(1).strip("[];")
        row["by_ip"] = _first_ip([*said, taken.group(1)])
        row["server"] = host(row["by_host"])
    protocol, via, wanted = WITH.search(body), VIA.search(body), FOR.search(body)
    if protocol:
        row["protocol"] = _plain(protocol.group(1)).replace("Microsoft SMTP Server", "SMTP") or None
    row["via"] = _plain(via.group(1)) if via else None
    row["recipient_address"] = wanted.group(1) if wanted else None
    build = BUILD.search(body)
    row["version"] = build.group(1) if build else None
    suite = SUITE.search(body)
    if suite:
        row["tls_cipher"] = suite.group(1)
    for note in notes:
        tls, cipher = TLS.search(note), CIPHER.search(note)
        if tls:
            row["tls_version"] = next(filter(None, tls.groups()))
        elif note.strip() == "TLS":
            row["tls_version"] = "TLS"
        if cipher and (tls or "tls" in note.lower()):
            row["tls_cipher"] = cipher.group(1)
    return row


def _notes(text: str) -> tuple[str, list[str]]:
    """Takes the comments in round brackets out, nested ones with their outer one; an open one ends the text."""
    bare, notes, depth, begin = [], [], 0, 0
    for place, sign in enumerate(text.replace("\x01", " ")):
        if sign == "(":
            depth += 1
            begin = place + 1 if depth == 1 else begin
        elif sign == ")" and depth:
            depth -= 1
            if not depth:
                notes.append(text[begin:place])
                bare.append(f" {MARK.format(len(notes) - 1)} ")
        elif not depth:
            bare.append(sign)
    if depth:
        bare.append(text[begin - 1 :])
    return re.sub(r" +", " ", "".join(bare)).strip(), notes


def _plain(text: str) -> str:
    return " ".join(NOTE.sub(" ", text).split())


def _first_ip(words: list[str]) -> str | None:
    """Gives the first address among comments such as `192.0.2.1`, `[::1]`, `host [192.0.2.1]`."""
    for word in words:
        for part in (word, *word.split()):
            found = address(part)
            if found:
                return found
    return None
