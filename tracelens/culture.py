"""Local times as a Windows culture writes them, made UTC: order of day and month, and zone, found from the data.

A file has one culture and one zone, those of the shell that wrote it. Which number is the day shows by values above
12, by UTC times that stand beside the local ones, by the caller's word, by the order of rows, in this sequence. The
zone shows only by UTC times beside the local ones.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tracelens.errors import UsageError

DMY, MDY, YMD = "day-month-year", "month-day-year", "year-month-day"
LANGUAGES = {
    **dict.fromkeys(
        "en de nl ru fr it es pt pl cs sk sl hr sr bs uk be bg ro tr fi nb nn no da el he id vi et ca gl is ga cy hi "
        "th ar mk az ka lb lv".split(),
        DMY,
    ),
    **dict.fromkeys("sv ja zh ko hu lt eu mn af fa iso".split(), YMD),
}
REGIONS = {
    **dict.fromkeys(("en-us", "en-ph", "es-us", "es-pa", "es-pr", "fil-ph"), MDY),
    **dict.fromkeys(("en-ca", "fr-ca", "en-za", "en-se"), YMD),
    **dict.fromkeys(("zh-hk", "zh-sg", "zh-mo", "sv-fi"), DMY),
}
LONG_MONTHS = "january february march april may june july august september october november december".split()
MONTHS = {text: number for number, name in enumerate(LONG_MONTHS, 1) for text in (name, name[:3])}
BEFORE_NOON = {
    "am", "a.m.", "a. m.", "vorm.", "vm.", "πμ", "π.μ.", "上午", "午前", "오전", "de.", "dop.", "ص", "ق.ظ", "ق.ظ.",
    "sa", "पूर्वाह्न", "e paradites", "pd", "p.d.",
}  # fmt: skip
AFTER_NOON = {
    "pm", "p.m.", "p. m.", "nachm.", "nm.", "μμ", "μ.μ.", "下午", "午後", "오후", "du.", "odp.", "م", "ب.ظ", "ب.ظ.",
    "ch", "अपराह्न", "e pasdites", "md", "m.d.",
}  # fmt: skip
HIDDEN = re.compile(r"[\u200b-\u200f\u061c\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
DASHES = {
    **dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-"),
    **dict.fromkeys(map(ord, "年月"), "/"),
    ord("日"): None,
}
WEEKDAY = re.compile(r"^[^\W\d_]{2,12}\.?,\s")
AMERICAN = re.compile(r"^([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4}),?\s")
MARK = "|".join(re.escape(mark) for mark in sorted(BEFORE_NOON | AFTER_NOON, key=len, reverse=True))
STAMP = re.compile(
    r"(?P<a>\d{1,4})\.?\s?(?P<mark>[./-]|\s(?=[A-Za-z]))\s?(?P<b>\d{1,2}|[A-Za-z]{3,9})\.?\s?(?:[./-]|(?<=[A-Za-z]\s))\s?(?P<c>\d{1,4})\.?(?:\s?г\.)?"
    rf"(?:T|,?\s+)(?:kl\.?\s)?(?:(?P<before>{MARK})\s?)?(?P<h>\d{{1,2}})(?:[:.]|\sh\s)(?P<m>\d\d)"
    r"(?:(?:[:.]|\smin\s)(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?(?:\ss|\sч\.?)?)?"
    rf"\s?(?P<after>{MARK})?\s?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
BUDDHIST = 543
"""Years that a Thai shell counts more. Source: Microsoft Learn, ThaiBuddhistCalendar (th-TH)."""
UTC_TIME = re.compile(r"(?<![\d-])(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7})\d*)?Z")
QUARTER = timedelta(minutes=15)
WEST, EAST = timedelta(hours=-12), timedelta(hours=14)
SLACK = timedelta(seconds=30)
"""What the clocks of two servers, and a second that was cut off, may differ by."""
STEPS = (timedelta(minutes=60), timedelta(minutes=30))
"""What summer time adds. Source: IANA time zone database (Lord Howe: 30 minutes)."""
DAYS_A_SEASON = 120


@dataclass(frozen=True)
class Stamp:
    """A local time with the UTC times beside it.

    Attributes:
        text: As written.
        near: UTC times of a moment at most some minutes before it.
        before: UTC times of a moment before it, nobody knows how long.
        part: Which part of its file it stands in: each header begins one.
    """

    text: str
    near: tuple[datetime, ...] = ()
    before: tuple[datetime, ...] = ()
    part: int = 0


@dataclass
class Times:
    """What was made of a file's local times.

    Attributes:
        utc: UTC of each stamp without zone, None where it is no time.
        assumed: What was found or taken for granted, in words.
        is_known: The zone is known, so `utc` is UTC.
    """

    utc: list[datetime | None]
    assumed: str
    is_known: bool


@dataclass(frozen=True)
class _Zone:
    """Offsets from UTC of some local times, ordered by local time; one offset without times: for all."""

    moments: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]
    voters: int
    is_near: bool

    def offset(self, local: datetime) -> timedelta:
        if not self.moments:
            return self.offsets[0]
        place = bisect_left(self.moments, local)
        near = [number for number in (place - 1, place) if 0 <= number < len(self.moments)]
        return self.offsets[min(near, key=lambda number: abs(self.moments[number] - local))]


def order_of(culture: str) -> str:
    """Gives the order of day, month and year of a culture such as `de-DE`.

    Raises:
        UsageError: No such culture is known.
    """
    name = culture.strip().replace("_", "-").lower()
    order = REGIONS.get(name) or LANGUAGES.get(name.split("-")[0])
    if order is None or not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}", name):
        raise UsageError(f"no such culture '{culture}'", hint="give a name such as en-US, en-GB, de-DE, nl-NL or ru-RU")
    return order


def is_settled(said: str | None, culture: str) -> bool:
    """Tells whether reading a file again with a culture given gives the same; `said` is what was assumed before."""
    said = said or ""
    return not culture or f"culture {culture} as given" in said or not ("--culture" in said or "as given)" in said)


def utc_times(text: str | None) -> tuple[datetime, ...]:
    """Gives the UTC times (`2021-01-15T21:06:01.371Z`) that stand in a text."""
    found = []
    for match in UTC_TIME.finditer(text or ""):
        try:
            time = datetime.fromisoformat(match[1])
        except ValueError:
            continue
        found.append(time.replace(microsecond=int((match[2] or "0").ljust(6, "0")[:6])))
    return tuple(found)


def is_time(text: str) -> bool:
    """Tells whether a text is a date with a time in any culture."""
    return any(read(text, order) is not None for order in (DMY, MDY, YMD))


def read(text: str, order: str) -> tuple[datetime, timedelta | None] | None:
    """Reads a date with a time; gives it with the offset from UTC that stands behind it, or None if it is none."""
    match = STAMP.fullmatch(plain(text))
    if match is None:
        return None
    a, b, c = match["a"], match["b"], match["c"]
    if b.isalpha():
        b = str(MONTHS.get(b.lower(), 0))
        order = DMY
    order = YMD if len(a) == 4 else order
    year, month, day = {DMY: (c, b, a), MDY: (c, a, b), YMD: (a, b, c)}[order]
    if len(year) not in (2, 4) or len(day) > 2 or len(month) > 2 or (order == MDY and match["mark"] == "."):
        return None
    hour = int(match["h"])
    mark = (match["before"] or match["after"] or "").lower()
    if mark:
        if hour > 12 and not (mark in AFTER_NOON and hour < 24):
            return None
        hour = hour % 12 + (12 if mark in AFTER_NOON else 0) if hour <= 12 else hour
    counted = int(year) if len(year) == 4 else 2000 + int(year)
    counted -= BUDDHIST if counted > 2400 else 0
    if not 1990 <= counted < 2100:  # of a calendar that is not read, as the Persian or the Hijri one
        return None
    try:
        time = datetime(
            counted, int(month), int(day), hour, int(match["m"]),
            int(match["s"] or 0), int((match["f"] or "0").ljust(6, "0")[:6]),
        )  # fmt: skip
    except ValueError:
        return None
    return time, _zone(match["zone"])


def plain(text: str) -> str:
    """Gives a time without marks of direction and names of weekdays, with common blanks, dashes and digits."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", HIDDEN.sub("", text)).translate(DASHES)
    text = " ".join(text.split())
    return AMERICAN.sub(r"\2-\1-\3 ", WEEKDAY.sub("", text)) if text[:1].isalpha() else text


def _zone(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text[0] not in "+-":
        return timedelta(0)
    digits = text[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size


def to_utc(stamps: Sequence[Stamp], culture: str = "") -> Times:
    """Makes a file's local times UTC.

    Args:
        stamps: Times of one file, in its order.
        culture: The caller's word, for files that do not show their culture.

    Raises:
        UsageError: No such culture is known.
    """
    readings = {order: [read(stamp.text, order) for stamp in stamps] for order in (DMY, MDY, YMD)}
    valid = {order: sum(time is not None for time in times) for order, times in readings.items()}
    most = max(valid.values(), default=0)
    if not most:
        return Times([None] * len(stamps), "", True)
    likely = [order for order in readings if valid[order] == most]
    order, why = _choose(likely, readings, stamps, culture)
    chosen = readings[order]
    if all(time is None or time[1] is not None for time in chosen):
        utc = [time[0] - (time[1] or timedelta(0)) if time else None for time in chosen]
        return Times(utc, f"times are read as {order} ({why})" if "--culture" in why else "", True)
    zone = _find_zone(stamps, chosen)
    utc = [
        None if time is None else time[0] - (time[1] if time[1] is not None else _offset(zone, stamp, time[0]))
        for stamp, time in zip(stamps, chosen, strict=True)
    ]
    said = f"times are read as {order} ({why})"
    if zone is None:
        unknown = f"no UTC time stands in any of {most} rows: local time is kept as if it were UTC"
        return Times(utc, f"{said}; {unknown}", False)
    named = " and ".join(_named(offset) for offset in sorted(set(zone.offsets)))
    source = f"found from UTC times in {zone.voters} of {most} rows"
    if not zone.is_near:
        source += ", of moments before them: a whole quarter hour too much if all those messages were late"
    return Times(utc, f"{said} in local time UTC{named}, {source}", True)


def _offset(zone: _Zone | None, stamp: Stamp, local: datetime) -> timedelta:
    if zone is None:
        return timedelta(0)
    if zone.is_near:
        # a late row shows too much, never too little: what is far below is another shell's
        least = min(zone.offsets) - STEPS[0]
        own = [
            offset
            for offset in (_quarter(local, time) for time in stamp.near)
            if offset in zone.offsets or WEST <= offset < least
        ]
        if own:
            return own[0]
    return zone.offset(local)


def _named(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


Reading = tuple[datetime, timedelta | None] | None


def _choose(
    likely: list[str], readings: dict[str, list[Reading]], stamps: Sequence[Stamp], culture: str
) -> tuple[str, str]:
    """Gives the order of day, month and year, and what it was told by."""
    rows = len(stamps)
    if len(likely) == 1 or all(readings[order] == readings[likely[0]] for order in likely):
        is_year_first = any(re.match(r"\d{4}", stamp.text.strip()) for stamp in stamps)
        return likely[-1 if is_year_first else 0], f"the only way to read all of {rows} rows"
    votes = {order: _in_reach(readings[order], stamps) for order in likely}
    best = max(votes.values())
    kept = [order for order in likely if votes[order] == best]
    if len(kept) == 1:
        return kept[0], f"by UTC times in {best} of {rows} rows"
    given = order_of(culture) if culture else None
    if given in kept:
        return given, f"culture {culture} as given"
    turns = {order: _turns([time[0] for time in readings[order] if time]) for order in kept}
    least = min(turns.values())
    steady = [order for order in kept if turns[order] == least]
    if len(steady) == 1:
        return steady[0], f"the rows are in order of time so, in {rows} rows; give --culture if it is another"
    text = next(stamp.text for stamp, time in zip(stamps, readings[steady[0]], strict=True) if time)
    guess = MDY if "/" in text and re.search(r"[AP]\.?M\.?\b", text, re.I) else DMY
    order = guess if guess in steady else steady[0]
    return order, f"assumed by its look alone, {rows} rows do not tell; give --culture"


def _in_reach(times: list[Reading], stamps: Sequence[Stamp]) -> int:
    """Counts rows whose local time lies within the zones of the earth around a UTC time beside it."""
    return sum(
        is_in_reach(time[0], (*stamp.near, *stamp.before)) for stamp, time in zip(stamps, times, strict=True) if time
    )


def is_in_reach(local: datetime, beside: Sequence[datetime]) -> bool:
    """Tells whether a local time lies within the zones of the earth around a UTC time."""
    return any(WEST - SLACK <= local - utc <= EAST + QUARTER for utc in beside)


def zone_near(stamps: Sequence[Stamp]) -> timedelta | None:
    """Gives the offset that the UTC times near some local times show, as far as any order of day and month does."""
    offsets = [
        _quarter(time[0], stamp.near[0])
        for stamp in stamps
        for order in (DMY, MDY, YMD)
        if stamp.near and (time := read(stamp.text, order)) and is_in_reach(time[0], stamp.near[:1])
    ]
    counted = Counter(offsets)
    return min((o for o, count in counted.items() if count * 4 >= max(counted.values())), default=None)


def _turns(times: list[datetime]) -> int:
    """Counts how often times stop to go one way; the same whether the rows ascend or descend."""
    ups = sum(one < two for one, two in pairwise(times))
    downs = sum(one > two for one, two in pairwise(times))
    return min(ups, downs)


def _quarter(local: datetime, utc: datetime) -> timedelta:
    return (local - utc + SLACK) // QUARTER * QUARTER


def _find_zone(stamps: Sequence[Stamp], times: list[Reading]) -> _Zone | None:
    """Finds the offset of the file's zone: one, or two with the step of summer time between."""
    pick: tuple[tuple[bool, Callable[[Stamp], tuple[datetime, ...]]], ...] = (
        (True, lambda stamp: stamp.near),
        (False, lambda stamp: stamp.before),
    )
    for is_near, beside in pick:
        votes: list[tuple[datetime, timedelta]] = []
        for stamp, time in zip(stamps, times, strict=True):
            if time is not None and time[1] is None:
                found = [_quarter(time[0], utc) for utc in beside(stamp)]
                votes += [(time[0], offset) for offset in found[:1] if WEST <= offset <= EAST]
        if votes:
            return _agree(sorted(votes), is_near)
    return None


def _agree(votes: list[tuple[datetime, timedelta]], is_near: bool) -> _Zone:
    counted = Counter(offset for _, offset in votes)
    # a late row shows too much, never too little: the least of what is well supported
    base = min(offset for offset, count in counted.items() if count * 4 >= max(counted.values()))
    for step in STEPS:
        for other in (base + step, base - step):
            # a moment long before, or half an hour, may be a late row: a few of them must say so
            if not counted[other] or (counted[other] < 3 and (not is_near or step != STEPS[0])):
                continue
            pair = [(local, offset) for local, offset in votes if offset in (base, other)]
            switches = sum(one[1] != two[1] for one, two in pairwise(pair))
            span = pair[-1][0] - pair[0][0]
            if switches <= 1 + span.days // DAYS_A_SEASON or _is_autumn(pair):
                return _Zone(tuple(p[0] for p in pair), tuple(p[1] for p in pair), len(pair), is_near)
    return _Zone((), (base,), counted[base], is_near)


def _is_autumn(pair: list[tuple[datetime, timedelta]]) -> bool:
    """Tells whether offsets change to and fro only within an hour that came twice."""
    mixed = [two[0] for one, two in pairwise(pair) if one[1] != two[1]]
    return max(mixed) - min(mixed) <= timedelta(hours=1)
