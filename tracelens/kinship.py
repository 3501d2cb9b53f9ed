"""Which findings are about one thing: found by what they have in common and when, without comparing each with each.

Source of the window: signatures.md 4, "Design notes for the engine".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
Shelf = dict[Hashable, list[int]]
WINDOW = timedelta(minutes=15)


class Kinship:
    """The findings of one build that may begin a story, in the order of rank.

    Two belong together when a stranger's address or an account is in both and both were busy at one time; a connector
    or a server is in common to most, so these two must have begun together. What has no time belongs to what has none
    either, at the same connector of the same server.
    """

    def __init__(self, rows: Sequence[Row], servers: Mapping[str, str]) -> None:
        """Takes the rows, and our servers by address."""
        self._rows = rows
        self._servers = servers
        self._busy: Shelf = {}
        self._begun: Shelf = {}
        self._timeless: Shelf = {}
        for number, row in enumerate(rows):
            for shelf, key in self._places(row):
                shelf.setdefault(key, []).append(number)
        for shelf in (self._busy, self._begun):
            for numbers in shelf.values():
                numbers.sort(key=lambda number: rows[number]["first_at"])
        self._starts = {key: [rows[n]["first_at"] for n in numbers] for key, numbers in self._begun.items()}
        self._lowest = {key: _lowest(numbers) for key, numbers in self._begun.items()}

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Gives pairs that belong together, enough to join all that do."""
        for numbers in self._timeless.values():
            yield from pairwise(numbers)
        for numbers in self._begun.values():
            for one, other in pairwise(numbers):
                if self._rows[other]["first_at"] - self._rows[one]["first_at"] <= WINDOW:
                    yield one, other
        for numbers in self._busy.values():
            latest = numbers[0]
            for number in numbers[1:]:
                if self._rows[number]["first_at"] <= _end(self._rows[latest]) + WINDOW:
                    yield latest, number
                latest = max(latest, number, key=lambda n: _end(self._rows[n]))

    def nearest(self, row: Row) -> int | None:
        """Gives the first by rank that another finding belongs to."""
        found: list[int] = []
        for shelf, key in self._places(row):
            numbers = shelf.get(key)
            if not numbers:
                continue
            if shelf is self._timeless:
                found.append(numbers[0])
            elif shelf is self._begun:
                low = bisect_left(self._starts[key], row["first_at"] - WINDOW)
                high = bisect_right(self._starts[key], row["first_at"] + WINDOW)
                if low < high:
                    found.append(_least(self._lowest[key], low, high))
            else:
                found += [number for number in numbers if _overlap(row, self._rows[number])]
        return min(found, default=None)

    def _places(self, row: Row) -> Iterator[tuple[Shelf, Hashable]]:
        """Gives where a finding stands: what it can have in common with others."""
        if row["first_at"] is None:
            if row["server"] and row["connector_id"]:
                yield self._timeless, (row["server"], row["connector_id"])
            return
        for name in ("remote_ip", "account"):
            if row[name] and row[name] not in self._servers:
                yield self._busy, (name, row[name])
        if row["connector_id"]:
            yield self._begun, ("connector_id", row["connector_id"])
        for server in {str(name) for name in (row["server"], self._servers.get(row["remote_ip"])) if name}:
            yield self._begun, ("server", server)


def _end(row: Row) -> datetime:
    end: datetime = row["last_at"] or row["first_at"]
    return end


def _overlap(one: Row, other: Row) -> bool:
    return bool(one["first_at"] <= _end(other) + WINDOW and other["first_at"] <= _end(one) + WINDOW)


def _lowest(values: Sequence[int]) -> list[list[int]]:
    """Gives, per power of two, the least of so many values from each place on."""
    table = [list(values)]
    width = 1
    while 2 * width <= len(values):
        last = table[-1]
        table.append([min(last[n], last[n + width]) for n in range(len(last) - width)])
        width *= 2
    return table


def _least(table: Sequence[Sequence[int]], low: int, high: int) -> int:
    """Gives the least value from `low` to before `high`."""
    level = (high - low).bit_length() - 1
    return min(table[level][low], table[level][high - (1 << level)])
