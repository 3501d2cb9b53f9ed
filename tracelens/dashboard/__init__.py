"""The dashboard: pages over the store, found by their file names in `pages/`."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from tracelens.errors import TracelensError

PAGES = Path(__file__).parent / "pages"
STYLE = Path(__file__).parent / "style.css"
BACK = (Path(__file__).parent / "back.html").read_text(encoding="utf-8")
GROUPS = {"1": "", "2": "Mail", "3": "Clients", "4": "Trouble", "5": "Routes", "9": "Store"}
OPENED = ("message", "session", "counted", "finding")  # from a list; without one they have nothing to show
SIDEBAR = 210


def run() -> None:
    """Shows the page that the address names; an error a user can act on is shown as text."""
    import streamlit as st

    from tracelens.dashboard import data, entry, widgets, zone

    st.set_page_config(page_title="tracelens", layout="wide", initial_sidebar_state=SIDEBAR)
    st.html(STYLE)
    st.html(BACK, unsafe_allow_javascript=True)
    try:
        is_admitted = entry.admitted()
    except TracelensError as error:
        _show(error)
        return
    widgets.settle()
    pages = {
        name: st.Page(path, title=page_title(path), url_path=name, visibility="hidden" if name in OPENED else "visible")
        for name, path in page_files().items()
    }
    st.session_state["pages"] = pages
    home = st.Page(lambda: widgets.go(next(iter(pages))), title="tracelens", default=True, visibility="hidden")
    groups: dict[str, list[Any]] = {}
    for name, path in page_files().items():
        groups.setdefault(GROUPS.get(path.stem[0], "More"), []).append(pages[name])
    groups[next(iter(groups))].insert(0, home)
    chosen = st.navigation(groups, position="sidebar" if is_admitted else "hidden", expanded=True)
    if not is_admitted:
        entry.login()  # the pages are named all the same, so that the address stays that of the page
        return
    with st.sidebar:
        zone.choose()
    try:
        st.session_state["generation"] = data.fingerprint()
        if not st.session_state["generation"]:
            widgets.no_store(data.store_path())
            return
        widgets.extent()
    except TracelensError as error:
        widgets.head("The store cannot be read", "No page can be shown before it can.")
        _show(error)
        return
    try:
        widgets.news()
        chosen.run()
    except TracelensError as error:
        _show(error)
    finally:
        widgets.release()


def page_files() -> dict[str, Path]:
    """Gives the file of each page by its name, in the order of their numbers; the first digit is the group."""
    return {path.stem.split("_", 1)[1]: path for path in sorted(PAGES.glob("[0-9]*.py"))}


def page_title(path: Path) -> str:
    """Gives the first line of a page's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    return text.splitlines()[0]


def _show(error: TracelensError) -> None:
    import streamlit as st

    from tracelens.dashboard import widgets
    from tracelens.render import plain

    st.error(widgets.markdown(error.what[:1].upper() + error.what[1:]))
    if error.where:
        st.code(plain(error.where), language=None)
    if error.hint:
        st.text(plain(error.hint[:1].upper() + error.hint[1:] + "."))
