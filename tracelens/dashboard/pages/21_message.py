"""Message

One message: its path over servers and time, how it ended for each recipient, and the log rows behind that.
"""

import streamlit as st

from tracelens import query
from tracelens.dashboard import data, message_parts, widgets

widgets.head("Message", "Its path over servers and time, how it ended, and what that rests on.")
widgets.extent_or_stop()
key = widgets.text("Key of the message", "message", placeholder="select a message on the page Messages")
row = data.one("path", message=key) if key else None
if row is None:
    if key:
        st.warning("The store holds no message of that key.")
    widgets.link("Find a message", "messages")
    st.stop()
hops, gaps = data.ask("hop", message=key), data.ask("gap", message=key)
legs, lines = data.ask("leg", message=key, limit=500), data.ask("header_check", message=key).to_dicts()
message_parts.card(row, legs.to_dicts())
message_parts.hand_on(key)
message_parts.why(key)
st.subheader("Path", anchor=False)
picked = None
if hops.is_empty():
    widgets.nothing("No hop is known.", "The rows of this message name no hand-over.")
else:
    message_parts.pictures(hops, gaps)
    picked = widgets.hops(hops, "hops")
st.subheader("Recipients", anchor=False)
widgets.legs(legs, "legs")
message_parts.related(key)
message_parts.latency(key)
st.subheader("What it rests on", anchor=False)
message_parts.rests_on(key)
if gaps.height:
    widgets.gaps(gaps, "gaps")
message_parts.ambiguous(key)
st.subheader("Log rows" + (f" of hop {picked}" if picked else ""), anchor=False)
rows = data.ask("evidence", **query.behind(row), limit=1000)
widgets.events(rows if picked is None else rows.filter(rows["hop"] == picked), "rows")
st.subheader("Headers", anchor=False)
if lines:
    message_parts.headers(lines, "lines")
message_parts.paste(key)
st.subheader("Compare", anchor=False)
message_parts.beside(key)
