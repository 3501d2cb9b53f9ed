"""Objects of a JSON text one after the other, whatever stands around them; a broken one costs the lines it stands on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tracelens.formats.bags import physical

WRAPPER = re.compile(r'\s*\{(?:[^\[\]{}]|\{(?=\s*"results"))*"(?:results|value)"\s*:\s*\[')
NOTHING = re.compile(r"[\s,\[\]]*")
TAIL = re.compile(r'[\s,\]}]*(?:"[^"\n]*"\s*:\s*(?:"[^"\n]*"|\d+|null)[\s,\]}]*)*\Z')
DECODER = json.JSONDecoder()
DEEPEST = 50


@dataclass
class Objects:
    """What a text holds.

    Attributes:
        rows: Rows with the line each begins on.
        kinds: What each physical line is, as in `tracelens.formats.Parsed.lines`.
        rejects: Reason by line number.
        odd: Lines, from 0, that hold something beside an object.
    """

    rows: list[tuple[int, dict[str, Any]]]
    kinds: list[str]
    rejects: dict[int, str] = field(default_factory=dict)
    odd: set[int] = field(default_factory=set)

    @property
    def assumed(self) -> str:
        """Says that something stands beside the objects."""
        return f"{len(self.odd)} lines hold more than their objects" if self.odd else ""

    def mark(self, number: int, reason: str, is_first: bool) -> None:
        """Notes what a line, from 0, is: an object's first or a further one, or, with a reason, none's."""
        kind = self.kinds[number]
        if kind == "b":
            return
        if kind in "ec" and reason:
            self.odd.add(number)
        elif reason:
            self.kinds[number], self.rejects[number + 1] = "r", reason
        else:
            if self.rejects.pop(number + 1, ""):
                self.odd.add(number)
            self.kinds[number] = "e" if is_first or kind == "e" else "c"


def read_objects(text: str, row_of: Callable[[Any], dict[str, Any] | None], wrong: str) -> Objects:
    """Reads lines of JSON, an array, or an array in a wrapper.

    Args:
        text: The whole text.
        row_of: Gives the row of an object, None for one that is none.
        wrong: Why such an object is rejected.
    """
    read = Objects([], ["b" if not line.strip() else "h" for line in physical(text)])
    wrapper = WRAPPER.match(text)
    at, line, counted = (wrapper.end() if wrapper else 0), 0, 0
    while at < len(text):
        skipped = NOTHING.match(text, at)
        at = skipped.end() if skipped else at
        if at >= len(text) or (wrapper and read.rows and TAIL.match(text, at)):
            break
        line, counted = line + text.count("\n", counted, at), at
        held, end, reason = _decode(text, at)
        rows = [row_of(one) for one in _objects(held)]
        reason = reason or ("" if rows and all(rows) else wrong)
        if reason:  # what lies on the further lines of it may be an object by itself
            end = min(end, text.find("\n", at) + 1 or len(text))
        last = line + text.count("\n", at, end - 1)
        for number in range(line, last + 1):
            read.mark(number, reason, number == line)
        if not reason:
            read.rows += [(line + 1, row) for row in rows if row]
        at = max(end, at + 1)
    return read


def _decode(text: str, at: int) -> tuple[Any, int, str]:
    """Gives the value that begins at a place, where it ends, and why there is none."""
    is_deep = text[at] == "{" and _is_deep(text[at : at + 4000])
    try:
        if text[at] not in '{"':  # an error of the decoder counts all lines above it
            raise ValueError(text[at])
        if not is_deep:
            return *DECODER.raw_decode(text, at), ""
        line = text[at : text.find("\n", at) + 1 or len(text)]
        if not _is_deep(line):
            held, length = DECODER.raw_decode(line)
            return held, at + length, ""
    except (ValueError, RecursionError):
        pass
    return None, text.find("\n", at) + 1 or len(text), "is no whole JSON object"


def _is_deep(near: str) -> bool:
    """Tells whether more is left open than a row nests; a reader of deep nests would try each line to its depth."""
    return near.count("{") + near.count("[") - near.count("}") - near.count("]") > DEEPEST


def _objects(held: Any) -> list[Any]:
    """Gives the rows of a value: itself, or those of a list or of a wrapper on one line."""
    if isinstance(held, dict):
        for key in ("d", "results", "value"):
            if isinstance(held.get(key), dict | list):
                return _objects(held[key])
        return [held]
    return held if isinstance(held, list) else [None]
