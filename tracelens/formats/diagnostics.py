"""Lines of a non-delivery report that say who refused what, and when.

Source: RFC 3464 2.3 (Diagnostic-Code); reports of Exchange 2007 to 2019 and Online: `#550 5.7.1 ... ##`, `host #<...>`,
`Server at HOST (IP) returned '...'`. Their times are UTC in the order of day and month of the server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

SERVER = (
    r"(?=[^:：]{0,60}(?:server|serveur|servidor|servizi|serwer|szerver|tjener|сервер|сервър|サーバ|服务器|伺服器|서버))"
)
GENERATING = re.compile(
    rf"\s*{SERVER}(?=[^:：]{{0,60}}(?:gener|génér|gerad|geran|geraç|wygener|vygener|létrehoz|生成|产生|產生|формир|созда|генер|생성))"
    r"[^\W\d_][^:：@-]{2,60}[:：] *([^\s:]+)\s*$",
    re.I,
)
RECEIVING = re.compile(
    rf"\s*{SERVER}(?=[^:：]{{0,60}}(?:recei|recep|récep|ricez|riceve|empf|ontvang|receb|recebi|mottag|modtag|odbier|受信|接收|получ|прин|수신))"
    r"[^\W\d_][^:：@-]{2,60}[:：] *(\S.{0,300}?)(?: \(([^()]*)\))?\s*$",
    re.I,
)
"""What names the server that made a report, and the one that refused, in the languages of Exchange's reports."""
ADDRESS = re.compile(
    r"\s*(?:rfc822;)?<?([^\s@<>\"']{0,256}@[^\s@<>\"',;:]{1,255}\.[^\s@<>\"',;:]{1,63})>?(?:<mailto:[^\s<>]+>)?\s*$"
)
HOST = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z0-9-]{2,63})\s*$")
RETURNED = re.compile(
    r"(?:(?P<when>\d[\d/.\-]{5,9},? \d{1,2}[:.]\d\d[:.]\d\d(?: ?[AP]\.?M\.?)?) - )?(?:Remote )?Server "
    r"(?:at (?P<host>.{1,300}?)(?: \((?P<ip>[0-9A-Fa-f.:%]+)\))? )?returned ['\"‘](?P<text>[245]\d\d[ -].+?)['\"’]?$"
)
HASHED = re.compile(
    r"(?:(?P<host>[A-Za-z0-9][\w.-]{0,250}) )?#(?P<text>[245]\d\d[ -]\d\.\d{1,3}\.\d{1,3}\b.*?) ?##(?:rfc822;(?P<to>[^\s#]+))?$"
)
ANGLED = re.compile(
    r"(?:(?P<host>[A-Za-z0-9][\w.-]{0,250}) )?#<(?:(?P<at>[\w.-]{1,253}))? ?#?(?P<code>\d\.\d{1,3}\.\d{1,3}) smtp; ?(?P<text>[^>]+)>.*$",
    re.I,
)
MAX_CHARS = 8_000
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
WHEN = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4}),? (\d{1,2})[:.](\d\d)[:.](\d\d)(?: ?([AP]))?", re.I)
MONTH_FIRST = ("en-us", "en-ph", "fil", "es-pa", "en-bz")


@dataclass
class Said:
    """What one line says: reply, the host that gave it as far as told, recipient, time as written."""

    text: str
    host: str | None = None
    ip: str | None = None
    recipient: str | None = None
    when: str | None = None

    @property
    def status(self) -> str | None:
        """Gives the enhanced code."""
        match = STATUS.search(self.text)
        return match.group(1) if match else None


def said(line: str) -> Said | None:
    """Reads a diagnostic line, or gives None."""
    if len(line) > MAX_CHARS:
        return None
    line = line.strip()
    match = RETURNED.match(line)
    if match:
        return Said(match["text"], match["host"], match["ip"], None, match["when"])
    match = HASHED.match(line)
    if match:
        return Said(match["text"].strip(), match["host"])
    match = ANGLED.match(line)
    if match:
        text = match["text"].strip()
        return Said(text if STATUS.search(text) else f"{match['code']} {text}", match["at"] or match["host"])
    return None


def folded(text: str) -> str:
    """Gives the part of a reply by which two tellings of it are the same."""
    return " ".join(re.sub(r"\(.*?\)|['\"]", " ", text).lower().split())


def when(text: str | None, near: datetime | None, culture: str) -> tuple[datetime | None, bool]:
    """Gives the time of a diagnostic line and whether its day and month could not be told apart.

    Args:
        text: As written.
        near: A time of the same message, to choose the order of day and month by.
        culture: Culture of the server, where the caller gives it.
    """
    match = WHEN.match(text.strip()) if text else None
    if not match:
        return None, False
    first, second, third, hour, minute, seconds = (int(part) for part in match.groups()[:6])
    if match[7]:
        hour = hour % 12 + (12 if match[7].upper() == "P" else 0)
    if first > 31:
        orders = [(first, second, third)]
    else:
        year = third if third > 99 else 2000 + third
        orders = [(year, first, second), (year, second, first)]
    found = []
    for year, month, day in dict.fromkeys(orders):
        try:
            found.append(datetime(year, month, day, hour, minute, seconds))
        except ValueError:
            continue
    if len(found) < 2 or first == second:
        return (found[0] if found else None), False
    if near is not None:
        return min(found, key=lambda time: abs(time - near)), False
    if culture:
        return found[0 if culture.lower().startswith(MONTH_FIRST) else 1], False
    if match[7]:
        return None, True
    return (found[1], False) if "." in (text or "")[:6] else (None, True)
