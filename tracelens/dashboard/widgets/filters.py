"""Filters: each is a widget bound to the address, so that every view is a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from tracelens.dashboard import zone
from tracelens.dashboard.widgets.states import short

EARLIEST, LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)


def text(label: str, name: str, place: Any = st, **options: Any) -> str:
    """Gives the text typed."""
    return (place.text_input(label, key=name, bind="query-params", **options) or "").strip()


def choice(label: str, name: str, options: Sequence[str], place: Any = st, **more: Any) -> str:
    """Gives the option chosen, or an empty text for any; what the address names is always among the options."""
    wanted = st.query_params.get(name)
    offered = list(options) if wanted is None or wanted in options else [*options, wanted]
    options_set = {"placeholder": "any", "format_func": short, **more}
    return place.selectbox(label, offered, index=None, key=name, bind="query-params", **options_set) or ""


def switch(label: str, name: str, place: Any = st, **options: Any) -> bool:
    """Gives whether the switch is on."""
    return bool(place.toggle(label, key=name, bind="query-params", **options))


def moment(label: str, name: str, place: Any = st, **options: Any) -> datetime | None:
    """Gives a time in UTC; it is typed and shown in the zone of the page."""
    found = place.datetime_input(
        label,
        value=None,
        min_value=EARLIEST,
        max_value=LATEST,
        key=name,
        bind="query-params",
        format="YYYY-MM-DD",
        step=60,
        **options,
    )
    return zone.utc(found)


def page_number(filters: Any, name: str = "page") -> int:
    """Gives the page of a list to ask for: the first again when the filters have changed."""
    seen = f"{name}_filters"
    if st.session_state.get(seen, filters) != filters:
        st.session_state[name] = 1
    st.session_state[seen] = filters
    wanted = str(st.session_state.get(name) or st.query_params.get(name, "1"))
    return max(1, int(wanted)) if wanted.isdecimal() and len(wanted) < 9 else 1


def pages(count: int, size: int, name: str = "page") -> None:
    """Shows the choice of the page when a list has more rows than one page holds."""
    if count > size:
        there = -(-count // size)
        wide = 38 * (min(there, 7) + 2) + 24  # pixels; left alone it shows fewer pages than there is room for
        st.pagination(there, key=name, bind="query-params", width=wide)
