"""Long lists: filters asked of the store, one page of rows at a time, always with how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from tracelens.agreement import one
from tracelens.dashboard import data
from tracelens.dashboard.counted import Kind
from tracelens.dashboard.widgets.filters import choice, page_number, pages
from tracelens.dashboard.widgets.links import go
from tracelens.dashboard.widgets.states import nothing
from tracelens.dashboard.widgets.tables import picked, table

PAGE_SIZE = 100
MESSAGE_ORDERS = ["oldest", "slowest", "largest", "most recipients", "sender"]
SESSION_ORDERS = ["oldest", "longest", "longest silence", "most rows"]
LENGTHS = {"1 s": 1_000, "10 s": 10_000, "1 min": 60_000, "5 min": 300_000, "1 h": 3_600_000}


def options() -> dict[str, list[str]]:
    """Gives the names of servers, connectors and TLS versions to choose from."""
    frame = data.ask("filter_option")
    return {
        kind: frame.filter(frame["kind"] == kind)["name"].unique().sort().to_list()
        for kind in ("server", "connector", "tls")
    }


def slower(label: str, name: str, place: Any = st) -> int:
    """Gives a least length of time in milliseconds; 0 for any."""
    return LENGTHS.get(choice(label, name, list(LENGTHS), place), 0)


def more(label: str, names: Sequence[str]) -> Any:
    """Gives a place for filters that few need: open when the address uses one of them."""
    used = any(st.query_params.get(name) for name in names)
    return st.expander(label, expanded=used, key=f"more_{names[0]}")


def paged(question: str, filters: dict[str, Any], things: str, none: str, hint: str) -> pl.DataFrame:
    """Gives one page of the rows that a question finds, and shows which part of how many it is."""
    page = page_number(filters)
    found = data.ask(question, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE, **filters)
    if found.is_empty() and page > 1:
        st.session_state["page"] = page = 1
        found = data.ask(question, limit=PAGE_SIZE, offset=0, **filters)
    if found.is_empty():
        nothing(none, hint)
        return found
    count = int(found["found_count"][0])
    first = (page - 1) * PAGE_SIZE + 1
    last = first + found.height - 1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"Showing **{first:,}–{last:,} of {count:,}** {things}"
            if count > found.height
            else f"**{count:,}** {things if count != 1 else one(things)}"
        )
        pages(count, PAGE_SIZE)
    return found


def counted(frame: pl.DataFrame, kind: Kind, is_grouped: bool) -> None:
    """Shows the rows that a number counts; a selected one opens its message, its conversation or its finding."""
    labels = ({"times": "Times"} if is_grouped else {}) | dict(kind.labels)
    height = min(34 + 31 * frame.height, 600)
    if not kind.opens:
        table(frame, labels, "counted", kind.leads, height=height)
        return
    at = picked(frame, labels, "counted", height)
    if at is None:
        return
    key = frame[f"{kind.opens}_key"][at]
    if key:
        go(kind.opens, **{kind.opens: key})
    st.caption("The logs do not tell which one that was part of.")
