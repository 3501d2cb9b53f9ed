"""Log formats: each file here describes one, found by sorted listing."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from tracelens.schema import Table


@dataclass(frozen=True)
class Source:
    r"""What a text format's reader is told about its file.

    Attributes:
        text: The whole file, decoded; bytes that are not UTF-8 stand as \xNN.
        name: File name.
        server: Short upper-case host name where the folder or the caller says it.
        culture: Culture of local times that the caller gives, e.g. `de-DE`; empty: found from the data.
    """

    text: str
    name: str
    server: str | None = None
    culture: str = ""


@dataclass
class Parsed:
    """What a text format's reader made of a file.

    Attributes:
        rows: Events by column name of the table, typed, each with its `line_number`.
        lines: What each physical line is: h(eader), e(vent), c(ontinuation of an event), b(lank) or r(eject).
        rejects: Reason by line number of each `r`.
        assumed: What the reader took for granted, for `log_file.reason`; empty: nothing.
    """

    rows: list[dict[str, Any]]
    lines: list[str]
    rejects: dict[int, str] = field(default_factory=dict)
    assumed: str = ""


@dataclass(frozen=True, kw_only=True)
class LogFormat:
    """One log format.

    Attributes:
        name: Short name, as in `log_file.format`.
        log_type: Value of `#Log-type`, compared without case; empty where files have none.
        table: Where its rows go.
        direction: receive or send for SMTP logs, else None.
        generations: Known field lists, for files without a header; told apart by their number of fields.
        samples: Lines of the format, made up; for a format with `parse` each is a whole file.
        names: Column of a field, where it is not the field with `-` → `_`.
        recognise: Tells by the beginning of a file (up to 64 KB) and its name whether it is of this format.
        parse: Reads a whole file of a format that is no log with one row a line.
        title: What it is, in one line, for the table in README.
    """

    name: str
    log_type: str = ""
    table: Table
    direction: str | None = None
    generations: tuple[tuple[str, ...], ...] = ()
    samples: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    recognise: Callable[[str, str], bool] | None = None
    parse: Callable[[Source], Parsed] | None = None
    title: str = ""

    def column(self, logged: str) -> str:
        """Gives the column of a vendor's field."""
        return self.names.get(logged, logged.replace("-", "_"))


@cache
def formats() -> dict[str, LogFormat]:
    """Gives all formats by name: each module here has `FORMAT` or `FORMATS`."""
    found = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda entry: entry.name):
        held = import_module(f"{__name__}.{module.name}")
        for described in getattr(held, "FORMATS", None) or [getattr(held, "FORMAT", None)]:
            if described is not None:
                found[described.name] = described
    return found


def by_log_type(log_type: str) -> LogFormat | None:
    """Gives the format of a `#Log-type` value, or None for a foreign log."""
    wanted = log_type.strip(' ,;"\t').lower()  # a spreadsheet fills the line up
    return next((entry for entry in formats().values() if entry.log_type and entry.log_type.lower() == wanted), None)


def by_content(head: str, name: str) -> LogFormat | None:
    """Gives the text format that a file's beginning shows, or None."""
    return next((entry for entry in formats().values() if entry.recognise and entry.recognise(head, name)), None)
