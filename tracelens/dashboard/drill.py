"""From a number to what it counts: tables whose selected row stands in the address, and links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.dashboard import data, widgets


def drill(frame: pl.DataFrame, labels: Mapping[str, str], key: str, param: str, column: str, **options: Any) -> str:
    """Shows a table; the selected row's value of a column goes to the address. Gives that in the address, or ''."""
    names = [str(name) for name in frame[column].to_list()]
    widgets.table(
        frame, labels, key, on_select=partial(_choose, key, param, names), selection_mode="single-row", **options
    )
    return st.query_params.get(param, "")


def _choose(key: str, param: str, names: list[str]) -> None:
    state = st.session_state.get(key)
    at = widgets.selected(state)
    if state and state.selection.cells:
        return  # a number was asked for; the row stays
    if at is not None and at < len(names):
        st.query_params[param] = names[at]
    elif param in st.query_params:
        del st.query_params[param]


def view(label: str, key: str, /, place: Any = st, picked: tuple[str, str] | None = None, **filters: str) -> None:
    """Shows a text that opens another view of this page: a link to its own page would not change the address.

    Args:
        label: The text; it may hold log text.
        key: Key of the widget.
        place: Where to show it.
        picked: Name and value of a selected row, as `drill` keeps it in the address.
        filters: Values of the page's widgets; an empty one stands for any.
    """
    place.button(widgets.markdown(label), key=f"view_{key}", type="tertiary", on_click=_turn, args=(filters, picked))


def _turn(filters: dict[str, str], picked: tuple[str, str] | None) -> None:
    for name, value in filters.items():
        if value and name not in st.session_state:  # a widget that is not there yet writes no address of its own
            st.query_params[name] = value
        st.session_state[name] = value or None
    if picked:
        st.query_params[picked[0]] = picked[1]


def tile(label: str, count: int, place: Any, /, **filters: str) -> None:
    """Shows a number that opens what it counts on this page."""
    name = label.lower().replace(" ", "_")
    with place.container(border=True, gap=None, key=f"tile_{name}"):
        st.caption(label)
        view(f"{count:,}", name, st, None, **filters)


def as_sql(name: str, /, **params: Any) -> None:
    """Shows a link that opens a saved question, with its values, on the page SQL; says so where it is cut."""
    most = data.most(name)
    if most and data.ask(name, **params).height >= most:
        st.caption(f"Showing the first {most:,} rows; narrow the window or choose a server to see the others.")
    values = {key: _written(value) for key, value in params.items()}
    st.page_link(
        st.session_state["pages"]["sql"],
        label="Open as SQL",
        query_params={"question": name, "with": json.dumps(values, separators=(",", ":"))},
    )


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value
