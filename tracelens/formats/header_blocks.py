"""Blocks of headers and diagnostic lines in the text of a message or report, with the lines they stand on.

Source: RFC 5322 2.2.3 (folding); Microsoft Learn, "NDRs in Exchange Server" (layout of the report).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import HeaderParser

from tracelens.formats import diagnostics as reports
from tracelens.formats import received
from tracelens.formats.unmime import FIELD, Line

LEAD = re.compile(r"\s*(?:Original message headers|Diagnostic information for administrators)\s*:\s*$", re.I)


@dataclass
class Field:
    """A header, unfolded, with the lines it stands on."""

    name: str
    value: str
    lines: list[Line]


@dataclass
class Block:
    """Headers that stand together."""

    fields: list[Field] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        """Gives the first value of a header, decoded."""
        text = next((entry.value for entry in self.fields if entry.name == name), None)
        try:
            return str(make_header(decode_header(text))).strip() or None if text else None
        except (ValueError, LookupError, HeaderParseError):
            return text

    @property
    def hops(self) -> list[Field]:
        """Received headers from the top."""
        return [entry for entry in self.fields if entry.name == "received"]


@dataclass
class Told:
    """A diagnostic line with what stands around it."""

    said: reports.Said
    lines: list[Line]
    generating: str | None
    block: int


def read_field(lines: list[Line], at: int) -> tuple[Field, int]:
    """Gives the header that begins at a line and where the next one begins.

    A page that ate the indent of folded lines leaves them at the margin; those count while no date has come.
    """
    name, _, value = lines[at].text.partition(":")
    parts, until = [value], at + 1
    is_received = name.lower() == "received"
    while until < len(lines) and lines[until].text.strip():
        text = lines[until].text
        is_folded = text[:1] in (" ", "\t")
        is_begun = any(part.strip() for part in parts)  # a long value may stand on the next line alone
        if not is_folded and (FIELD.match(text) or (is_begun and _is_lead(text))):
            break
        if not is_folded and is_received and (len(parts) > 12 or received.ends(" ".join(parts))):
            break
        parts.append(text.strip())
        until += 1
    joined = HeaderParser().parsestr(f"{name}:" + "\n ".join(part.replace("\r", " ") for part in parts)).get(name)
    value = " ".join(str(joined if joined is not None else " ".join(parts)).split())
    return Field(name.lower(), value, lines[at:until]), until


def _is_lead(text: str) -> bool:
    return any(mark.match(text) for mark in (LEAD, reports.GENERATING, reports.ADDRESS)) or bool(reports.said(text))


def scan(lines: list[Line]) -> tuple[list[Block], list[Told]]:
    """Takes blocks of headers and diagnostic lines out of a text."""
    blocks, told = [Block()], []
    generating: str | None = None
    remote: tuple[str, str | None] | None = None
    recipient = None
    at = 0
    while at < len(lines):
        text = lines[at].text
        said = reports.said(text)
        if said:
            near = (said.host, said.ip) if said.host else remote
            said.host, said.ip = near or (None, None)
            said.recipient = said.recipient or recipient
            told.append(Told(said, [lines[at]], generating, len(blocks) - (not blocks[-1].fields)))
        elif match := reports.GENERATING.match(text):
            generating, recipient, remote = match[1], None, None
        elif match := reports.RECEIVING.match(text):
            remote = (match[1], match[2])
        elif FIELD.match(text) and not text.startswith(("http:", "https:", "mailto:")):
            entry, at = read_field(lines, at)
            blocks[-1].fields.append(entry)
            continue
        elif match := reports.ADDRESS.match(text):
            recipient = match[1]
        elif match := reports.HOST.match(text):
            remote = (match[1], None)
        if (not text.strip() or LEAD.match(text)) and blocks[-1].fields:
            blocks.append(Block())
        at += 1
    return blocks, told
