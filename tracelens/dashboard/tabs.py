"""Several views of one subject on one page: the chosen one stands in the address, and only that one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st


def tabs(parts: Mapping[str, Callable[[], object]]) -> None:
    """Shows one tab per part."""
    for tab, show in zip(st.tabs(list(parts), key="view", bind="query-params"), parts.values(), strict=True):
        if tab.open:
            with tab:
                show()
