"""Links between pages: a number, a sentence or a row opens the page that shows what is behind it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from tracelens.dashboard import zone
from tracelens.dashboard.widgets.states import markdown, short

WINDOW = ("since", "until", "server")
ALMOST_A_MINUTE = timedelta(minutes=1) - timedelta(microseconds=1)


def address(filters: dict[str, Any]) -> dict[str, str]:
    """Gives filters as query parameters: times to the minute as wall clock of the zone; none that is empty."""
    found: dict[str, str] = {}
    for name, value in filters.items():
        if isinstance(value, datetime):
            up = ALMOST_A_MINUTE if name == "until" else timedelta()
            found[name] = zone.wall(value + up).strftime("%Y-%m-%dT%H:%M")
        elif isinstance(value, bool):
            found.update({name: "true"} if value else {})
        elif value not in (None, ""):
            found[name] = str(value)
    if zone.chosen() != zone.UTC:
        found[zone.KEY] = zone.chosen()
    return found


def written(page: str, **filters: Any) -> str:
    """Gives the address of a page with these filters, from the root of the dashboard."""
    return f"{page}?{urlencode(address(filters))}"


def go(page: str, /, **filters: Any) -> None:
    """Opens a page, by the name in its file name, with these filters."""
    query = address(filters)
    release([*query, zone.KEY])
    st.switch_page(st.session_state["pages"][page], query_params=query)


def release(names: Iterable[str] = WINDOW) -> None:
    """Frees names of the address from the filters of this page: else the next page, or the last, could not have them.

    Those of the window are freed at the end of each page: it goes along to the next page and comes back with the last.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as held:
        for name in names:
            binding = held.get_binding_for_param(name)
            if binding is not None:
                held.unbind_widget(binding.widget_id)


def settle() -> None:
    """Takes the last value of a name that the address has twice: that of the link, not of the page that was left."""
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as held:
        twice = {name: values[-1] for name in list(held) if len(values := held.get_all(name)) > 1}
        for name, value in twice.items():
            if held.get_binding_for_param(name) is None:
                held[name] = value
        if twice:
            held.set_initial_query_params_from_current()


def link(label: str, page: str, place: Any = st, **filters: Any) -> None:
    """Shows a text, which may hold log text, that opens a page; plain text if there is no such page."""
    target = st.session_state["pages"].get(page)
    if target is None:
        place.markdown(markdown(short(label)))
    else:
        query = address(filters)
        release(query.keys() - {zone.KEY})  # it may be followed before the page is whole; the zone stays chosen
        place.page_link(target, label=markdown(short(label)), query_params=query)


def seek() -> None:
    """Offers to find a message by any part of a text; opens the list of those that hold it."""
    label, hint = "Find a message", "any part of a message-ID, sender, recipient, subject or address"
    text = (st.text_input(label, key="seek", placeholder=hint, type="search") or "").strip()
    if text:
        go("messages", text=text)


def tile(label: str, count: int, page: str, place: Any = st, **filters: Any) -> None:
    """Shows a number that opens a page with what it counts."""
    with place.container(border=True, gap=None, key=f"tile_{label.lower().replace(' ', '_')}"):
        st.caption(label)
        link(f"{count:,}", page, **filters)


def open_message(message_key: str) -> None:
    """Goes to the page of one message."""
    go("message", message=message_key)


def open_session(session_key: str) -> None:
    """Goes to the page of one SMTP conversation."""
    go("session", session=session_key)
