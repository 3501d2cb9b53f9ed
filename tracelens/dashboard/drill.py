"""From a number to what it counts: tables whose selected row stands in the address, and links."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from tracelens.dashboard import widgets


def drill(frame: pl.DataFrame, labels: Mapping[str, str], key: str, param: str, column: str, **options: Any) -> str:
    """Shows a table; the selected row's value of a column goes to the address. Gives that in the address, or ''."""
    names = [str(name) for name in frame[column].to_list()]
    widgets.table(
        frame, labels, key, on_select=partial(_choose, key, param, names), selection_mode="single-row", **options
    )
    return st.query_params.get(param, "")


def _choose(key: str, param: str, names: list[str]) -> None:
    at = widgets.selected(st.session_state.get(key))
    if at is not None and at < len(names):
        st.query_params[param] = names[at]
    elif param in st.query_params:
        del st.query_params[param]


def as_sql(name: str, /, **params: Any) -> None:
    """Shows a link that opens a saved question, with its values, on the page SQL."""
    values = {key: _written(value) for key, value in params.items()}
    st.page_link(
        st.session_state["pages"]["sql"],
        label="Open as SQL",
        query_params={"question": name, "with": json.dumps(values, separators=(",", ":"))},
    )


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value
