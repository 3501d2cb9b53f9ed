"""Parts that are made only when they are opened; whether they are stands in the address."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

AS_TABLE = "The same as a table"


def folded(label: str, name: str, show: Callable[[], object]) -> None:
    """Shows a part that is closed until somebody opens it."""
    part = st.expander(label, key=name, bind="query-params")
    if part.open:
        with part:
            show()
