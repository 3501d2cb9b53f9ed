"""Messages

Find a message; a selected one opens the page of its path.
"""

from typing import Any

import streamlit as st

from tracelens.dashboard import charts, data, widgets

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


if st.query_params.get("message"):  # an old link
    widgets.open_message(st.query_params["message"])
search()
