"""Logs and texts that lie beside Exchange's transport logs and are not read: named, so that nobody waits for them.

Source: formats.md 6 (Exchange 2003 tracking, IIS SMTP logs: recognise and refuse clearly).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

KINDS = (
    (
        re.compile(r"\d{4}-\d{1,2}-\d{1,2}\t\d{1,2}:\d{1,2}:\d{1,2} GMT\t"),
        "a message tracking log of Exchange 2000 or 2003, which is not read (2007 and later are)",
    ),
    (
        re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ .*\bSMTPSVC\d"),
        "an IIS SMTP log (SMTPSVC), which is not read",
    ),
    (
        re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z,[0-9A-F]{16},\d+,[^,]+:(?:143|993|110|995|1143|1993|1110|1995),"),
        "an IMAP4 or POP3 protocol log, which is not read",
    ),
    (re.compile(r"220[ -].*\bE?SMTP\b"), "an SMTP conversation by hand, without times: it is not read"),
)


def named(lines: Sequence[str]) -> str | None:
    """Gives what a text is by its first line, where it is known not to be read; else None."""
    first = lines[0] if lines else ""
    return next((reason for pattern, reason in KINDS if pattern.match(first)), None)
