"""Tables: labelled columns, times in the zone of the page, never more text or rows than a browser bears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl
import streamlit as st
from polars import selectors

from tracelens.dashboard import zone
from tracelens.dashboard.widgets.links import link
from tracelens.dashboard.widgets.states import LONGEST, nothing
from tracelens.render import safe

TIME = "YYYY-MM-DD HH:mm:ss"
MOMENT = "YYYY-MM-DD HH:mm:ss.SSS"
MOST_ROWS = 10_000
LEADS = " ›"
Opens = Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]


def columns(frame: pl.DataFrame, labels: Mapping[str, str], leading: Iterable[str] = ()) -> dict[str, Any]:
    """Gives column settings by name: times to the second, counts and milliseconds as numbers, the rest as text."""
    found: dict[str, Any] = {}
    for name, plain_label in labels.items():
        label = plain_label + (LEADS if name in leading else "")
        kind = frame.schema[name]
        if kind == pl.Datetime:
            title = f"{label.removesuffix(' (UTC)')} ({zone.chosen()})"
            shape = MOMENT if name in ("date_time", "started_at") else TIME
            found[name] = st.column_config.DatetimeColumn(
                title, format=shape, width=max(6 * len(title) + 18, 7 * len(shape) - 13)
            )
        elif kind.is_numeric():
            found[name] = st.column_config.NumberColumn(
                label, format="%d" if name == "line" or name.endswith("port") else "localized"
            )
        elif kind == pl.List:
            found[name] = st.column_config.ListColumn(label)
        elif kind == pl.Boolean:
            found[name] = st.column_config.CheckboxColumn(label)
        else:
            found[name] = st.column_config.TextColumn(label, width=_room(frame[name], label))
    return found


def _room(texts: pl.Series, label: str) -> int | None:
    """Gives the width of a column of which most cells are empty: left alone it is as narrow as these."""
    filled = texts.filter(texts.str.len_chars() > 0) if texts.dtype == pl.String else texts.head(0)
    if not 0 < filled.len() <= texts.len() / 2:
        return None
    return max(6 * len(label) + 18, min(260, 7 * int(filled.str.len_chars().quantile(0.9) or 0) + 18))


def table(frame: pl.DataFrame, labels: Mapping[str, str], key: str, opens: Opens | None = None, **options: Any) -> Any:
    """Shows the labelled columns of a frame; gives the selection when it has one.

    Args:
        frame: The rows.
        labels: Names of the columns shown, with their headings.
        key: Key of the widget.
        opens: By column, what gives the address of the list that the number of a row counts.
        options: More for `st.dataframe`; with `on_select`, a row can be selected.
    """
    place = None
    if opens:
        place = st.container(key=f"opens_{key}", horizontal=True)
        modes = [options["selection_mode"]] if "selection_mode" in options else []
        options = {"on_select": "rerun", **options, "selection_mode": [*modes, "single-cell"]}
    if frame.height > MOST_ROWS:
        st.caption(f"Showing the first {MOST_ROWS:,} of {frame.height:,} rows; narrow the filters to see the others.")
    rows = frame.head(MOST_ROWS).select(list(labels)).with_columns(selectors.date().cast(pl.String))
    shown = safe(_short(zone.local(rows)))
    state = st.dataframe(
        shown,
        hide_index=True,
        column_config=columns(shown, labels, opens or ()),
        key=key,
        width="stretch",
        placeholder="",
        **options,
    )
    if place and opens:
        with place:
            _leads(frame, labels, key, opens, state)
    return state


def _leads(frame: pl.DataFrame, labels: Mapping[str, str], key: str, opens: Opens, state: Any) -> None:
    """Shows a link to what the selected number counts, or links to all that the selected row counts."""
    row, names, is_cell = _chosen(state, opens)
    if row is None or row >= frame.height:
        st.caption(f"Select a number of a column with{LEADS} to open the rows it counts.")
        return
    values = frame.row(row, named=True)
    with st.container(key=f"straight_{key}" if is_cell else f"each_{key}", horizontal=True):
        for name in names:
            if values[name] or (values[name] == 0 and name.endswith("_ms")):
                address = opens[name](values)
                if address:
                    link(f"{labels[name]}: {values[name]:,}", **address)
                elif is_cell:
                    st.caption(f"{labels[name]}: {values[name]:,}, rows of a table of their own; see the page SQL.")
            elif is_cell:
                st.caption(f"{labels[name]}: none, so there is nothing to open.")


def _chosen(state: Any, opens: Opens) -> tuple[int | None, list[str], bool]:
    """Gives the row and the columns whose numbers are asked for, and whether it is one number."""
    for row, name in state.selection.cells:
        if name in opens:
            return row, [name], True
    return selected(state), list(opens), False


def _short(frame: pl.DataFrame) -> pl.DataFrame:
    """Cuts texts that nobody reads in a cell, and says how long they are."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        pl.when(pl.col(name).str.len_chars() > LONGEST)
        .then(pl.format("{} … ({} characters)", pl.col(name).str.head(LONGEST), pl.col(name).str.len_chars()))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )


def selected(state: Any) -> int | None:
    """Gives the selected row of a table, or None."""
    rows = state.selection.rows if state else []
    return rows[0] if rows else None


def picked(
    frame: pl.DataFrame, labels: Mapping[str, str], key: str, height: int | str = "auto", opens: Opens | None = None
) -> int | None:
    """Shows a table of which one row can be selected; gives that row's place, or None."""
    at = selected(table(frame, labels, key, opens, on_select="rerun", selection_mode="single-row", height=height))
    return at if at is not None and at < frame.height else None


def events(frame: pl.DataFrame, key: str) -> None:
    """Shows log rows with their file and line."""
    named = frame.with_columns(pl.col("path").str.extract(r"([^/\\]+)$").alias("file"))
    labels = {
        "date_time": "Time",
        "hop": "Hop",
        "server": "Server",
        "log": "Log",
        "file": "File",
        "line": "Line",
        "event": "Event",
        "text": "Row",
        "path": "Path",
    }
    if named.is_empty():
        nothing("No rows.", "The rows behind this are no longer in the store.")
        return
    table(named, {name: label for name, label in labels.items() if name in named.columns}, key)
