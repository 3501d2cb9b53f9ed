"""Objects of an Export-Clixml file as bags of properties: texts only, nothing is ever brought back to life.

Source: Microsoft, [MS-PSRP] 2.2.5 (serialised objects: Obj, TN, TNRef, ToString, Props, MS, LST, Ref); formats.md 5.3.
`SerializationData` and other byte arrays are passed over. A DOCTYPE is refused, so there are no entities to expand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from tracelens.formats.bags import Bag, Listing, physical

BEGINS = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!DOCTYPE[^<]{0,2000}.{0,20000}?)?<Objs[\s>]", re.S)
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
LISTS = ("LST", "IE", "QUE", "STK")
BYTES = ("BA", "SB", "SS")
MAX_DEPTH = 64
Value = str | list[str] | None


class RefusedError(Exception):
    """The file is no plain CLIXML."""


@dataclass
class _Element:
    tag: str
    name: str
    ref: str
    line: int
    text: list[str] = field(default_factory=list)
    shown: str | None = None
    types: str = ""
    items: list[str] | None = None
    values: dict[str, Value] = field(default_factory=dict)


class _Reader:
    """Builds bags from the parser's calls with a stack of its own, so that depth costs nothing."""

    def __init__(self) -> None:
        self.bags: list[Bag] = []
        self.stack: list[_Element] = []
        self.types: dict[str, str] = {}
        self.known: dict[str, Value] = {}
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> None:
        raise RefusedError("holds a DOCTYPE: refused, an export has none")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise RefusedError(f"is nested more than {MAX_DEPTH} deep")
        line = self.parser.CurrentLineNumber
        self.stack.append(_Element(tag, plain(attributes.get("N", "")), attributes.get("RefId", ""), line))

    def _text(self, text: str) -> None:
        if self.stack and self.stack[-1].tag not in BYTES:
            self.stack[-1].text.append(text)

    def _end(self, tag: str) -> None:
        element = self.stack.pop()
        parent = self.stack[-1] if self.stack else _Element("", "", "", 0)
        text = plain("".join(element.text))
        if tag == "T":
            parent.text.append(text + "\n")
        elif tag == "TN":
            self.types[element.ref] = parent.types = text.strip()
        elif tag == "TNRef":
            parent.types = self.types.get(element.ref, "")
        elif tag == "ToString":
            parent.shown = text
        elif tag in ("Props", "MS"):
            parent.values.update({**element.values, **parent.values})
        elif tag in LISTS:
            parent.items = element.items or []
        elif tag == "Obj":
            self._object(element, parent)
        elif tag == "Ref":
            self._keep(parent, element.name, self.known.get(element.ref))
        elif tag not in BYTES and tag not in ("Objs", "DCT", "En"):
            self._keep(parent, element.name, None if tag == "Nil" else text)

    def _object(self, element: _Element, parent: _Element) -> None:
        if parent.tag == "Objs":
            count = self.parser.CurrentLineNumber - element.line + 1
            self.bags.append(Bag(element.line, element.values, element.types, count))
            return
        value: Value = element.items if element.items is not None else element.shown
        self.known[element.ref] = value
        self._keep(parent, element.name, value)

    @staticmethod
    def _keep(parent: _Element, name: str, value: Value) -> None:
        if parent.tag in LISTS:
            parent.items = [] if parent.items is None else parent.items
            if isinstance(value, str):
                parent.items.append(value)
        elif parent.tag in ("Props", "MS") and name and value is not None:
            parent.values[name] = value


def plain(text: str) -> str:
    """Undoes the `_xHHHH_` escapes; halves of surrogate pairs stay as they are written."""
    return ESCAPE.sub(lambda m: m.group() if 0xD800 <= int(m.group(1), 16) < 0xE000 else chr(int(m.group(1), 16)), text)


def read_clixml(text: str) -> Listing:
    """Reads a CLIXML text; what follows a fault is rejected line by line, whole objects before it stay."""
    lines = physical(text)
    reader, fault = _Reader(), ""
    try:
        reader.parser.Parse(text, True)
    except RefusedError as refused:
        fault = str(refused)
        if "DOCTYPE" in fault:
            reader.bags.clear()
    except (expat.ExpatError, ValueError) as error:
        fault = f"is no well-formed XML: {error}"
    listing = Listing(reader.bags, ["b" if not line.strip() else "h" for line in lines])
    last = 0
    for bag in listing.bags:
        until = bag.line_number + bag.line_count - 1
        for number in range(bag.line_number, until + 1):
            if number > last:
                listing.lines[number - 1] = "e" if number == bag.line_number else "c"
        last = max(last, until)
    if fault:
        for number in range(last + 1, len(lines) + 1):
            if lines[number - 1].strip():
                listing.reject(number, fault)
    return listing
