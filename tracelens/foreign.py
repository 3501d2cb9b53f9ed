"""Logs and texts that lie beside Exchange's transport logs and are not read: named, so that nobody waits for them.

Source: formats.md 6 (Exchange 2003 tracking, IIS SMTP logs: recognise and refuse clearly).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracelens.tracking_export import OF_AGENTS, OF_LOG, plain_name

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
    (
        re.compile(r"\s*(?:<!DOCTYPE html|<html)", re.I),
        "a web page (ConvertTo-Html), which is not read: use Export-Csv",
    ),
    (
        re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<Objects>|\s*<Object Type="),
        "output of ConvertTo-Xml, which is not read: use Export-Clixml",
    ),
    (re.compile(r"\s*<Objs "), "objects of Export-Clixml that are not read: give another output of that command"),
    (re.compile(r"220[ -].*\bE?SMTP\b"), "an SMTP conversation by hand, without times: it is not read"),
)

OUTPUTS = (
    (
        {"messagetrackingreportid"},
        "a delivery report (Search- or Get-MessageTrackingReport), which is not read: use Get-MessageTrackingLog",
    ),
    ({"internetmessageid", "fromaddress", "queue"}, "output of Get-Message, which is not read (Get-Queue is)"),
    ({"fromaddress", "queue", "status"}, "output of Get-Message, which is not read (Get-Queue is)"),
    (
        {"receivedtime", "type", "direction"},
        "output of Get-QuarantineMessage, which is not read: export a message trace",
    ),
    ({"groupbyvalue", "messagecount"}, "output of Get-QueueDigest, which is not read (Get-Queue is)"),
    (
        {"networkmessageid", "internetmessageid", "deliveryaction"},
        "messages of Defender (Explorer, EmailEvents), which are not read: export a message trace",
    ),
    ({"creationdate", "userids", "operations", "auditdata"}, "an audit log, which is not read: export a message trace"),
)
"""Names that output of another command has together."""

PACKED = (
    (0, b"PK\x03\x04", "a zip archive by another name: rename it to .zip"),
    (0, b"\x1f\x8b", "packed by gzip: rename it to .gz (a tar archive has to be unpacked)"),
    (257, b"ustar", "a tar archive, which is not opened: unpack it"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive, which is not opened: unpack it"),
    (0, b"Rar!\x1a\x07", "a RAR archive, which is not opened: unpack it"),
    (0, b"\xfd7zXZ\0", "packed by xz, which is not opened: unpack it"),
    (0, b"BZh", "packed by bzip2, which is not opened: unpack it"),
    (0, b"\x28\xb5\x2f\xfd", "packed by Zstandard, which is not opened: unpack it"),
    (0, b"%PDF-", "a PDF, which is not read: save the text or table itself"),
    (0, b"{\\rtf", "formatted text (RTF), which is not read: save it as plain text"),
    (0, b"!BDN", "an Outlook data file: save the messages as .eml"),
    (0, b"\x78\x9f\x3e\x22", "a winmail.dat (TNEF), which is not read: save the message as .eml"),
    (0, b"SQLite format 3\0", "a database, which is not read: export its rows as CSV"),
    (0, b"PAR1", "a Parquet file, which is not read: export its rows as CSV"),
    (0, b"MSCF", "a cabinet file, which is not opened: unpack it"),
    (0, b"ElfFile\0", "a Windows event log, which is not read"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Outlook message or old Office file: save it as .eml, text or CSV"),
)
"""Where a kind of file has its signature, and what is to be done with it."""
CELL = re.compile(r"[\w-]+")
MARK = re.compile(r"[,;\t]")


def packed(head: bytes) -> str | None:
    """Gives what a file is by its first bytes, where text lies in it that cannot be seen; else None."""
    if head.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in head or b"xl/" in head):
        return "an Excel workbook: save its sheet as CSV"
    return next((reason for at, sign, reason in PACKED if head.startswith(sign, at)), None)


def named(lines: Sequence[str]) -> str | None:
    """Gives what a text is by its first lines, where it is known not to be read; else None."""
    first = lines[0] if lines else ""
    labels = {plain_name(name) for name in CELL.findall(first)}
    labels |= {plain_name(name) for name in MARK.split(first)}
    labels |= {plain_name(line.split(":")[0]) for line in lines if ":" in line}
    if labels.issuperset(OF_AGENTS):
        return "output of Get-AgentLog, which is not read (the agent logs are)"
    if len(labels & {*OF_LOG, "recipients"}) >= 3 and "timestamp" not in labels:
        return "output of Get-MessageTrackingLog without its Timestamp: select that too"
    for names, reason in OUTPUTS:
        if names <= labels:
            return reason
    near = "\n".join(lines[:2])
    return next((reason for pattern, reason in KINDS if pattern.match(near)), None)
