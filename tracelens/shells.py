"""Local times of a file that several shells wrote, each with its culture and zone: told apart, then made UTC.

Exports put one behind the other differ in the look of their times (marks, AM and PM, leading noughts), in the order of
day and month, or in the UTC times beside them. Source: formats.md 5.1; Microsoft Learn, Export-Csv (`-Append`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from tracelens import culture
from tracelens.culture import DMY, MDY, YMD, Stamp, Times

DATE = re.compile(r"\D*(\d{1,4})\D{1,3}?(\d{1,2}|[A-Za-z]{3})\D{1,3}?(\d{1,4})(.*)", re.S)
MARK = re.compile(r"\d\D*?([./-])")
NOON = re.compile(r"[^\W\d_]")
ZONE = re.compile(r"(?<![A-Za-z])(?:T(?=\d)|Z|UTC|GMT|h|min|s)(?![A-Za-z])")
SUMMER = timedelta(hours=1)
SHOWN = 4
ORDERS = (DMY, MDY, YMD)
Look = tuple[str, bool, int, int]


def to_utc(stamps: Sequence[Stamp], name: str = "") -> Times:
    """Makes a file's local times UTC, of each of its shells apart.

    Args:
        stamps: Times of one file, in its order.
        name: Culture given by the caller, for times that do not show theirs.

    Raises:
        UsageError: No such culture is known.
    """
    blocks = sorted(block for look in _looks(stamps) for block in _blocks(stamps, look))
    if len(blocks) < 2:
        return culture.to_utc(stamps, name)
    found = Times([None] * len(stamps), "", True)
    said = []
    for block, _ in blocks:
        times = culture.to_utc([stamps[at] for at in block], name)
        for at, moment in zip(block, times.utc, strict=True):
            found.utc[at] = moment
        found.is_known = found.is_known and times.is_known
        if times.assumed:
            said.append(f"{len(block)} like '{stamps[block[0]].text.strip()[:40]}': {times.assumed}")
    if len(said) > SHOWN:
        said[SHOWN:] = [f"and {len(said) - SHOWN} more kinds"]
    unsure = sum(_unsure(stamps, block) for block, is_torn in blocks if is_torn)
    if unsure:
        said.append(f"in {unsure} rows day and month cannot be told apart: they are read as the rows above them")
    if turned := _turned(stamps, [block for block, _ in blocks]):
        said.append(f"in {turned} rows a spreadsheet seems to have taken the month for the day: export them anew")
    found.assumed = f"times of {len(blocks)} kinds: {'; '.join(said)}" if said else ""
    return found


def _looks(stamps: Sequence[Stamp]) -> Iterator[list[int]]:
    """Gives the places of the times that look alike."""
    alike: dict[Look, list[int]] = {}
    pads: list[str] = []
    for at, stamp in enumerate(stamps):
        look, pad = _look(stamp.text)
        pads.append(pad)
        alike.setdefault(look, []).append(at)
    for places in alike.values():
        parts = [places]
        for side in (0, 1):
            parts = [part for whole in parts for part in _by_pad(whole, [pads[at][side] for at in whole])]
        yield from parts


def _look(text: str) -> tuple[Look, str]:
    """Gives what a culture's times have in common, and whether the first two numbers have leading noughts."""
    found = DATE.match(text)
    if found is None:
        return ("", False, 0, 0), "  "
    first, second, third, rest = found.groups()
    mark = MARK.search(text)
    has_noon = bool(NOON.search(ZONE.sub("", rest)))
    pad = "".join("0" if part[0] == "0" else "1" if len(part) == 1 else " " for part in (first, second))
    return (mark[1] if mark else "", has_noon, len(first) // 3, len(third) // 3), pad


def _by_pad(places: list[int], pads: list[str]) -> list[list[int]]:
    """Parts times with leading noughts from those without; what shows neither goes with the one above it."""
    if not {"0", "1"} <= set(pads):
        return [places]
    parts: dict[str, list[int]] = {"0": [], "1": []}
    last = next(pad for pad in pads if pad != " ")
    for at, pad in zip(places, pads, strict=True):
        last = last if pad == " " else pad
        parts[last].append(at)
    return list(parts.values())


def _blocks(stamps: Sequence[Stamp], places: list[int]) -> Iterator[tuple[list[int], bool]]:
    """Parts times that look alike where no one order of day and month, or no one zone, is that of all.

    Beside each part stands whether it ends in mid-table, so that nobody knows at which row.
    """
    block: list[int] = []
    orders = set(ORDERS)
    zones = _zones(stamps, places)
    for at in places:
        is_new = bool(block) and stamps[at].part != stamps[block[-1]].part
        possible = _orders(stamps[at], orders)
        if is_new and zones and not _is_near(zones.get(stamps[block[-1]].part), zones.get(stamps[at].part)):
            yield block, False
            block, possible = [], _orders(stamps[at], ORDERS)
        elif not possible and (possible := _orders(stamps[at], ORDERS)):
            yield block, not is_new
            block = []
        orders = possible or orders
        block.append(at)
    yield block, False


def _is_near(one: timedelta | None, two: timedelta | None) -> bool:
    """Tells whether two parts of a file may have one zone; where zones differ, one that is not known has none."""
    return one is not None and two is not None and abs(one - two) <= SUMMER


def _orders(stamp: Stamp, of: Collection[str]) -> set[str]:
    """Gives the orders of day and month, of some, that a time can have; a UTC time near it leaves one."""
    readings = {order: time for order in of if (time := culture.read(stamp.text, order))}
    if stamp.near and len({time[0] for time in readings.values()}) > 1:
        near = {order for order, time in readings.items() if culture.is_in_reach(time[0], stamp.near)}
        return near or set(readings)
    return set(readings)


def _zones(stamps: Sequence[Stamp], places: list[int]) -> dict[int, timedelta]:
    """Gives the zone of each part between headers by the UTC times near its own; none where they are one zone."""
    parts: dict[int, list[Stamp]] = {}
    for at in places:
        if stamps[at].near:
            parts.setdefault(stamps[at].part, []).append(stamps[at])
    if len(parts) < 2:
        return {}
    zones = {part: zone for part, held in parts.items() if (zone := culture.zone_near(held)) is not None}
    return zones if zones and max(zones.values()) - min(zones.values()) > SUMMER else {}


def _turned(stamps: Sequence[Stamp], blocks: list[list[int]]) -> int:
    """Counts times that a spreadsheet of another culture read: all of them can be, and of the ones it left none can."""
    parts = [{stamps[at].part for at in block} for block in blocks]
    if len(blocks) != 2 or parts[0] != parts[1] or min(map(len, blocks)) < 2:
        return 0
    either = [{_is_either(stamps[at].text) for at in block} for block in blocks]
    return (
        sum(len(block) for block, can in zip(blocks, either, strict=True) if can == {True}) if {False} in either else 0
    )


def _is_either(text: str) -> bool | None:
    """Tells whether day and month of a time could change places; None for one that begins with its year."""
    found = DATE.match(text)
    if found is None or len(found[1]) > 2 or not found[2].isdigit():
        return None
    return max(int(found[1]), int(found[2])) <= 12


def _unsure(stamps: Sequence[Stamp], block: list[int]) -> int:
    """Counts the times at the end of a block that could be of another order."""
    count = 0
    for at in reversed(block):
        readings = {culture.read(stamps[at].text, order) for order in _orders(stamps[at], ORDERS)}
        if len(readings) < 2:
            break
        count += 1
    return count
