"""Reports: what is handed on. One report is one file in `subjects/`; `REPORTS` lists them.

A report is a title, sentences and sections; `text` and `html` show it, its sections are frames for everything else.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tracelens.query import Store
    from tracelens.report.parts import Report

REPORTS: tuple[str, ...] = tuple(
    sorted(entry.name for entry in pkgutil.iter_modules([str(Path(__file__).parent / "subjects")]))
)


def make(
    name: str,
    store: Store,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    server: str = "",
    connector: str = "",
    client: str = "",
    compare: tuple[datetime, datetime] | None = None,
) -> Report:
    """Gives a report on a window of the store.

    Args:
        name: One of `REPORTS`.
        store: Folder of the store.
        since: Start of the window; else the first hour that the store holds.
        until: End of the window, itself not in it; else the end of what the store holds.
        server: Only what this server took part in.
        connector: Decommission only: part of a connector's name.
        client: Decommission only: an address or range.
        compare: A second window to set the first against.

    Raises:
        UsageError: The window or the range is none.
        QueryError: There is no such report, or the store holds nothing of the window.
        StoreError: There is no store.
    """
    from tracelens.errors import QueryError
    from tracelens.report.compare import beside
    from tracelens.report.scope import choose

    if name not in REPORTS:
        raise QueryError(f"no report '{name}'", hint="reports: " + ", ".join(REPORTS))
    subject = import_module(f"{__name__}.subjects.{name}")
    span = getattr(subject, "SPAN", None)
    scope = choose(store, since, until, server=server, connector=connector, client=client, span=span)
    report: Report = subject.build(scope)
    if compare is None:
        return report
    other = choose(store, *compare, server=server, connector=connector, client=client)
    return beside(report, subject.build(other))
