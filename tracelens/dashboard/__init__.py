"""The dashboard: pages over the store, found by their file names in `pages/`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from tracelens.errors import TracelensError

PAGES = Path(__file__).parent / "pages"
STYLE = "<style>[data-testid=stMainBlockContainer] { padding-top: 4rem; padding-bottom: 3rem; }</style>"


def run() -> None:
    """Shows the page that the address names; an error a user can act on is shown as text."""
    import streamlit as st

    from tracelens.dashboard import data, widgets
    from tracelens.render import plain

    st.set_page_config(page_title="tracelens", layout="wide")
    pages: dict[str, Any] = {}
    for path in sorted(PAGES.glob("[0-9]*.py")):
        name = path.stem.split("_", 1)[1]
        pages[name] = st.Page(path, title=page_title(path), url_path=name)
    st.session_state["pages"] = pages
    first = next(iter(pages.values()))
    home = st.Page(lambda: st.switch_page(first), title="tracelens", default=True, visibility="hidden")
    chosen = st.navigation([home, *pages.values()], position="top")
    st.html(STYLE)
    try:
        if not data.fingerprint():
            widgets.no_store(data.store_path())
            return
        chosen.run()
    except TracelensError as error:
        st.error(widgets.markdown(error.what[:1].upper() + error.what[1:]))
        for note in (error.where, error.hint):
            if note:
                st.code(plain(note), language=None)


def page_title(path: Path) -> str:
    """Gives the first line of a page's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    return text.splitlines()[0]
