"""A message's text with line numbers: quoted-printable and base64 text parts are undone, other parts are passed over.

Source: RFC 2045 (encodings), RFC 2046 5.1 (boundaries).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}:")
READ_TYPES = ("text/plain", "text/rfc822-headers", "message/delivery-status", "message/rfc822")


@dataclass
class Line:
    """A line of text and the physical lines it stands on."""

    text: str
    first: int
    last: int


def undo(lines: list[str]) -> list[Line]:
    """Gives the lines of a message as a reader sees them; without MIME parts they are the physical lines."""
    marks = {f"--{mark}" for mark in boundaries(lines)}
    if not marks:
        return [Line(text, number, number) for number, text in enumerate(lines, 1)]
    found: list[Line] = []
    at = 0
    while at < len(lines):
        found.append(Line(lines[at], at + 1, at + 1))
        mark = lines[at].rstrip()
        at += 1
        if mark not in marks:
            continue
        begin = at
        while at < len(lines) and lines[at].strip():
            at += 1
        head = HeaderParser().parsestr("\n".join(lines[begin:at]))
        until = at
        while until < len(lines) and lines[until].rstrip().removesuffix("--") not in marks:
            until += 1
        if head.get_content_type().startswith("multipart/"):
            continue
        found += [Line("", number, number) for number in range(begin + 1, min(at + 1, len(lines)) + 1)]
        found += _body(head, lines[at + 1 : until], at + 2)
        at = max(until, at)
    return found


def boundaries(lines: list[str]) -> list[str]:
    """Gives the boundaries that the file names and uses."""
    used = {line.rstrip() for line in lines if line.startswith("--")}
    named = re.findall(r'boundary="?([^"\n;]{1,70})', "\n".join(lines), flags=re.I)
    return [mark for mark in dict.fromkeys(name.strip() for name in named) if f"--{mark}" in used]


def _body(head: Message, body: list[str], first: int) -> list[Line]:
    kind, encoding = head.get_content_type(), str(head.get("Content-Transfer-Encoding", "")).strip().lower()
    if kind not in READ_TYPES:
        return [Line("", number, number) for number in range(first, first + len(body))]
    if encoding == "base64":
        try:
            content = base64.b64decode("".join(body), validate=False)
        except (binascii.Error, ValueError):
            content = b""
        last = first + len(body) - 1
        return [Line(text, first, last) for text in _text(head, content).splitlines()]
    if encoding == "quoted-printable":
        return _quoted(head, body, first)
    return [Line(text, number, number) for number, text in enumerate(body, first)]


def _quoted(head: Message, body: list[str], first: int) -> list[Line]:
    found, held, begin = [], "", first
    for number, text in enumerate(body, first):
        if text.rstrip().endswith("=") and number < first + len(body) - 1:
            held += text.rstrip()[:-1]
            continue
        content = quopri.decodestring((held + text).encode("utf-8", "replace"))
        found.append(Line(_text(head, content), begin, number))
        held, begin = "", number + 1
    return found


def _text(head: Message, content: bytes) -> str:
    charset = head.get_content_charset() or "utf-8"
    try:
        return content.decode(charset, "backslashreplace").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return content.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
