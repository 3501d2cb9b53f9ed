"""Messages

Find a message, then see its path: who handed it to whom, when, how it ended, and the log rows behind that.
"""

from typing import Any

import streamlit as st

from tracelens import query
from tracelens.dashboard import charts, data, widgets
from tracelens.render import plain

PAGE_SIZE = 50
widgets.head("Messages", "Any part of a text finds; select a row to see its path. All times are UTC.")


def search() -> None:
    """Shows the filters and the messages they leave."""
    asked: dict[str, Any] = {}
    places = st.columns([3, 2, 2, 2, 1.4])
    for place, name, label in zip(
        places,
        ("message_id", "sender", "recipient", "subject"),
        ("Message-ID", "Sender", "Recipient", "Subject"),
        strict=False,
    ):
        asked[name] = (place.text_input(label, key=name, bind="query-params") or "").strip().strip("<>")
    asked["status"] = (
        places[4].selectbox(
            "Status", list(charts.STATUS), index=None, placeholder="any", key="status", bind="query-params"
        )
        or ""
    )
    noise = st.toggle("Health probes too", key="noise", bind="query-params")
    name = "_".join(asked.values()) + str(noise)
    page = st.session_state.get(f"page_{name}", 1)
    found = data.ask(
        "message", noise=noise, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE, since=None, until=None, **asked
    )
    count = found["found_count"][0] if found.height else 0
    if not count:
        widgets.nothing("No message matches.", "Use fewer or shorter texts, or add health probes.")
        return
    st.caption(
        f"{count:,} message{'s' if count > 1 else ''}, newest first" + (f"; page {page}" if count > PAGE_SIZE else "")
    )
    widgets.messages(found, f"found_{name}_{page}")
    if count > PAGE_SIZE:
        st.pagination(-(-count // PAGE_SIZE), key=f"page_{name}")


def path(message_key: str) -> None:
    """Shows one message's path."""
    row = data.one("path", message=message_key)
    if row is None:
        st.warning("The store holds no message of that key.")
        st.code(plain(message_key), language=None)
        return
    widgets.message(row)
    hops, gaps = data.ask("hop", message=message_key), data.ask("gap", message=message_key)
    st.subheader("Path", anchor=False)
    if hops.is_empty():
        widgets.nothing("No hop is known.", "The rows of this message name no hand-over.")
    else:
        st.plotly_chart(charts.waterfall(hops), key="waterfall")
        picked = widgets.hops(hops, "hops")
    st.subheader("Legs", anchor=False)
    widgets.legs(data.ask("leg", message=message_key, limit=500), "legs")
    if gaps.height:
        st.subheader("Gaps", anchor=False)
        widgets.gaps(gaps, "gaps")
    if not hops.is_empty():
        st.subheader("Log rows" + (f" of hop {picked}" if picked else ""), anchor=False)
        rows = data.ask("evidence", **query.behind(row), limit=1000)
        widgets.events(rows if picked is None else rows.filter(rows["hop"] == picked), "rows")


search()
if st.query_params.get("message"):
    st.divider()
    path(st.query_params["message"])
