"""Message

One message: who handed it to whom, when, how it ended for each recipient, and the log rows behind that.
"""

import streamlit as st

from tracelens import query
from tracelens.dashboard import charts, data, widgets

widgets.head("Message", "Who handed it to whom, when, how it ended, and the log rows behind that.")
widgets.total_or_stop(noise=True)
key = widgets.text("Key of the message", "message", placeholder="select a message on the page Messages")
row = data.one("path", message=key) if key else None
if row is None:
    if key:
        st.warning("The store holds no message of that key.")
    widgets.link("Find a message", "messages")
    st.stop()
widgets.message(row)
hops, gaps = data.ask("hop", message=key), data.ask("gap", message=key)
st.subheader("Path", anchor=False)
picked = None
if hops.is_empty():
    widgets.nothing("No hop is known.", "The rows of this message name no hand-over.")
else:
    st.plotly_chart(charts.waterfall(hops), key="waterfall")
    picked = widgets.hops(hops, "hops")
st.subheader("Legs", anchor=False)
widgets.legs(data.ask("leg", message=key, limit=500), "legs")
if gaps.height:
    st.subheader("Gaps", anchor=False)
    widgets.gaps(gaps, "gaps")
if not hops.is_empty():
    st.subheader("Log rows" + (f" of hop {picked}" if picked else ""), anchor=False)
    rows = data.ask("evidence", **query.behind(row), limit=1000)
    widgets.events(rows if picked is None else rows.filter(rows["hop"] == picked), "rows")
