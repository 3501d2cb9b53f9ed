"""Log formats: each file here describes one, found by sorted listing."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from tracelens.schema import Table


@dataclass(frozen=True)
class LogFormat:
    """One log format.

    Attributes:
        name: Short name, as in `log_file.format`.
        log_type: Value of `#Log-type`, compared without case.
        table: Where its rows go.
        direction: receive or send for SMTP logs, else None.
        generations: Known field lists, for files without a header; told apart by their number of fields.
        samples: Lines of the format, made up.
    """

    name: str
    log_type: str
    table: Table
    direction: str | None
    generations: tuple[tuple[str, ...], ...]
    samples: tuple[str, ...]


@cache
def formats() -> dict[str, LogFormat]:
    """Gives all formats by name."""
    found = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda entry: entry.name):
        described = import_module(f"{__name__}.{module.name}").FORMAT
        found[described.name] = described
    return found


def by_log_type(log_type: str) -> LogFormat | None:
    """Gives the format of a `#Log-type` value, or None for a foreign log."""
    wanted = log_type.strip().lower()
    return next((entry for entry in formats().values() if entry.log_type.lower() == wanted), None)
