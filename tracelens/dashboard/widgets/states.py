"""What a page says before, instead of and around its data: title, no store, nothing to show."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from tracelens.dashboard import data, zone
from tracelens.render import plain

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@])")
LONGEST = 2_000


def markdown(value: object) -> str:
    """Gives a text that Markdown shows literally."""
    return MARKDOWN.sub(r"\\\1", plain(value))


def short(value: object) -> str:
    """Gives a log text to be read on a page: hidden characters visible, cut where nobody reads on."""
    text = plain(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text):,} characters)"


def head(title: str, caption: str) -> None:
    """Shows a page's title and what it is for."""
    st.title(title, anchor=False)
    st.caption(caption)


def no_store(path: Path) -> None:
    """Says that there is no store and how to make one."""
    head("No store yet", "tracelens shows what an ingest has read.")
    st.info("There is no store at this place:")
    st.code(str(path.absolute()), language=None)
    st.markdown("Read your logs into it, then reload this page:")
    st.code(f'tracelens ingest PATH-OF-YOUR-LOGS --store "{path}"', language=None)
    st.markdown("Without logs at hand, try the made-up estate:")
    st.code("tracelens demo", language=None)


def nothing(what: str, hint: str) -> None:
    """Says that there is nothing to show, and why that may be."""
    st.info(f"**{what}** {hint}")


def utc_told() -> None:
    """Says that the times in sentences above are UTC, where the page shows another zone."""
    if zone.chosen() != zone.UTC:
        st.caption("Times within these sentences are UTC.")


def cut(shown: int, count: int, things: str) -> None:
    """Says how many rows there are when a table shows only the first of them."""
    if count > shown:
        st.caption(f"Showing the first {shown:,} of {count:,} {things} first; narrow the window to see the others.")


def empty_store() -> None:
    """Says that the store holds no rows."""
    nothing(
        "The store holds no log rows.", "What was read so far is empty, or configuration. Read the folder of the logs:"
    )
    st.code(f'tracelens ingest PATH-OF-YOUR-LOGS --store "{data.store_path()}"', language=None)
    st.page_link(st.session_state["pages"]["ingest"], label="Or upload some", query_params={"view": "Upload"})


def extent_or_stop(instead: Callable[[], object] = empty_store) -> dict[str, Any]:
    """Gives from when to when the store holds rows; says so, in its own way, and ends the page when it holds none."""
    extent = data.one("extent") or {}
    if not extent.get("first_at"):
        instead()
        st.stop()
    return extent
