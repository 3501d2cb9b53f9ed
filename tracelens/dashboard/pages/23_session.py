"""Session

One SMTP conversation with its silences, its mail, and the other side of the connection.
"""

import streamlit as st

from tracelens.dashboard import widgets

widgets.head("Session", "One SMTP conversation on one server: every row, the silences, the mail, the other side.")
widgets.extent_or_stop()
key = st.query_params.get("session", "")
if key:
    widgets.conversation(key)
else:
    widgets.link("Find a session", "sessions")
