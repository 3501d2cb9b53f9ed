"""The part of the store a page is about: from when to when, of which server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from tracelens.dashboard import data, widgets
from tracelens.dashboard.counted import NONE
from tracelens.report.scope import Scope


@dataclass(frozen=True)
class Window:
    """A window of the store; `until` is not in it. The server is empty for all."""

    since: datetime
    until: datetime
    server: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """Gives it as parameters of a question."""
        return {"since": self.since, "until": self.until, "server": self.server}

    def of(self, server: str | None) -> dict[str, Any]:
        """Gives it as parameters of a list of one server's rows."""
        return {"since": self.since, "until": self.until, "server": server or NONE}

    @property
    def bucket(self) -> str:
        """Gives the width of one time step."""
        return data.bucket(self.since, self.until)

    @property
    def scope(self) -> Scope:
        """Gives it as the scope of a report."""
        return Scope(data.store_path(), self.since, self.until, self.server)


def window_or_stop() -> Window:
    """Shows the choice of the window; ends the page when the store holds nothing."""
    extent = widgets.extent_or_stop()
    first, after = extent["first_at"], extent["until"]
    servers = data.ask("server")["server"].to_list()
    places = st.columns([1.3, 1.3, 1, 1.4])
    since, until = widgets.moment("From", "since", places[0]), widgets.moment("Before", "until", places[1])
    server = widgets.choice("Server", "server", servers, places[2])
    window = Window(since or first, until or after, server)
    if window.since >= window.until:
        st.warning("The window ends before it begins.")
        st.stop()
    return window
