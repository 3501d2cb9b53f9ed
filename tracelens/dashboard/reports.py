"""Reports on pages: made once per generation and window, their sections shown as tables and plots."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
import streamlit as st

from tracelens import report
from tracelens.dashboard import charts_series, data, widgets
from tracelens.dashboard.window import Window
from tracelens.render import flat
from tracelens.report.parts import Report, Section
from tracelens.report.scope import Scope
from tracelens.report.subjects import relay

SUFFIXES = {"_ms": ", ms", "_bytes": ", bytes", "_share": " share, %", "_at": "", "_from": " from", "_until": " until"}
WORDS = {"tls": "TLS", "helo_name": "HELO name"}


def made(name: str, window: Window, **more: str) -> Report:
    """Gives a report on a window.

    Raises:
        UsageError: The range is none.
        QueryError: The store holds nothing of the server.
    """
    options = tuple(sorted(more.items()))
    return _made(data.fingerprint(), str(data.store_path()), name, window.since, window.until, window.server, options)


@st.cache_data(max_entries=20, show_spinner="Making the report …")
def _made(
    generation: str, store: str, name: str, since: datetime, until: datetime, server: str, options: tuple[Any, ...]
) -> Report:
    assert generation is not None  # a part of the key only
    return report.make(name, store, since=since, until=until, server=server, **dict(options))


def clients(window: Window) -> tuple[list[dict[str, Any]], pl.DataFrame, list[dict[str, Any]]]:
    """Gives who relays: rows, cards, and the rows of Internet hosts left out."""
    return _clients(data.fingerprint(), str(data.store_path()), window.since, window.until, window.server)


@st.cache_data(max_entries=20, show_spinner="Reading the store …")
def _clients(
    generation: str, store: str, since: datetime, until: datetime, server: str
) -> tuple[list[dict[str, Any]], pl.DataFrame, list[dict[str, Any]]]:
    assert generation is not None  # a part of the key only
    return relay.inventory(Scope(store, since, until, server))


def show(told: Report, key: str, opens: Mapping[str, widgets.Opens]) -> None:
    """Shows a report: sentences, then sections, whose numbers open what they count as given by title."""
    for sentence in told.sentences:
        st.markdown(widgets.markdown(sentence))
    for at, part in enumerate(told.sections):
        section(part, f"{key}_{at}", opens.get(part.title))
    st.caption(widgets.markdown(" ".join(told.coverage)))


def section(part: Section, key: str, opens: widgets.Opens | None = None) -> None:
    """Shows a section: heading, plot, rows, how to read it."""
    st.subheader(part.title, anchor=False)
    if part.chart:
        st.plotly_chart(charts_series.of_report(part.chart), key=f"{key}_chart")
    frame = readable(part.frame)
    if frame.is_empty():
        widgets.nothing("None.", "")
    else:
        widgets.table(frame, {name: heading(name) for name in frame.columns}, key, opens)
    if part.note:
        st.caption(widgets.markdown(part.note))


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """Gives a report's rows for a table: shares as percent, lists as text, without evidence."""
    shown = flat(frame.drop("evidence", strict=False))
    shares = [name for name in shown.columns if name.endswith("_share") and shown.schema[name].is_numeric()]
    return shown.with_columns((pl.col(name) * 100).round(1) for name in shares)


def heading(column: str) -> str:
    """Gives a column's name for readers, with its unit."""
    if column in WORDS:
        return WORDS[column]
    for suffix, word in SUFFIXES.items():
        if column.endswith(suffix):
            return column.removesuffix(suffix).replace("_", " ").capitalize() + word
    return column.replace("_", " ").capitalize()
