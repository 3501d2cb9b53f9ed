"""tracelens: Exchange transport logs as message paths with evidence.

As a library: `tracelens.ingest(logs, store)`, then `tracelens.open(store)`; `docs/library.md` shows it.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

LAZY = {
    "Account": "library",
    "Session": "library",
    "Status": "library",
    "Store": "library",
    "Trace": "library",
    "ingest": "library",
    "open": "library",
    "InputError": "errors",
    "QueryError": "errors",
    "StoreError": "errors",
    "TracelensError": "errors",
    "UsageError": "errors",
}


def __getattr__(name: str) -> Any:
    """Gives the names of the library, loaded at their first use: `tracelens --help` needs none of it."""
    if name not in LAZY:
        raise AttributeError(f"module 'tracelens' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"tracelens.{LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *LAZY])
