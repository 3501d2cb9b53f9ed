"""Times of Exchange Online exports: ISO with up to nine digits, /Date(ms)/, or the form of a culture; UTC all of them.

Source: the project's format reference 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tracelens import culture, shells
from tracelens.culture import Stamp

ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?")
NO_ZONE = re.compile(r"no UTC time stands in any of \d+ rows: local time is kept as if it were UTC")
MILLISECONDS = re.compile(r"\\?/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\\?/")


def absolute(text: str) -> datetime | None:
    """Gives a time that needs no culture, as UTC without zone; one that says no zone is taken for UTC."""
    text = text.strip()
    try:
        if found := MILLISECONDS.fullmatch(text):
            return datetime(1970, 1, 1) + timedelta(milliseconds=int(found[1]))
        if found := ISO.fullmatch(text):
            day, clock, fraction, zone = found.groups()
            moment = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6].ljust(6, '0')}")
            if zone and zone not in ("Z", "UTC"):
                moment = datetime.fromisoformat(moment.isoformat() + zone).astimezone(UTC).replace(tzinfo=None)
            return moment
    except (ValueError, OverflowError):
        pass
    return None


def dated(value: Any) -> Any:
    """Gives the time in what ConvertTo-Json of Windows PowerShell makes of one, `{"value": "/Date(…)/", …}`; else the value."""
    return value["value"] if isinstance(value, dict) and "DateTime" in value and "value" in value else value


def has_zone(text: str) -> bool:
    """Tells whether a time says its zone."""
    found = ISO.fullmatch(text.strip())
    return bool(MILLISECONDS.fullmatch(text.strip()) or (found and found[4]))


def is_time(text: str) -> bool:
    """Tells whether a text is a time in any order of day and month."""
    return absolute(text) is not None or culture.is_time(text)


def to_utc(texts: Sequence[str], name: str = "", beside: Sequence[str] = ()) -> tuple[list[datetime | None], str]:
    """Gives the times of one file, and what was taken for granted.

    Args:
        texts: All times, in the file's order.
        name: Culture given by the caller, e.g. `de-DE`.
        beside: For each, a text that may hold the UTC time of the same moment.
    """
    found = [absolute(text) for text in texts]
    local = [at for at, moment in enumerate(found) if moment is None]
    if not local:
        return found, ""
    times = shells.to_utc([Stamp(texts[at], culture.utc_times(beside[at]) if beside else ()) for at in local], name)
    for at, moment in zip(local, times.utc, strict=True):
        found[at] = moment
    if times.is_known:
        return found, times.assumed
    return found, NO_ZONE.sub("taken for UTC, as Exchange Online gives them", times.assumed)
