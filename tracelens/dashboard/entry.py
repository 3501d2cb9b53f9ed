"""The door of the dashboard: lets a visitor in, asks for a login, or says why nothing is shown."""

from __future__ import annotations

import time

import streamlit as st

from tracelens import admission

PAUSE_S = 1.0
COOKIE = "tracelens_login"
KEEP = """<script>
document.cookie = "%s=%s; path=/; SameSite=Strict" + (location.protocol === "https:" ? "; Secure" : "");
</script>"""


def admitted() -> bool:
    """Tells whether this visitor may see data.

    Raises:
        UsageError: Others can reach this server and no login is configured.
    """
    kind = _kind()
    if kind == "none":
        return True
    if kind == "oidc":
        return bool(st.user.is_logged_in)
    if st.session_state.get("is_admitted"):
        st.html(KEEP % (COOKIE, st.session_state["login_token"]), unsafe_allow_javascript=True)
        return True
    return admission.is_token(str(st.context.cookies.get(COOKIE, "")))


def login() -> None:
    """Shows the login."""
    st.title("tracelens", anchor=False)
    if _kind() == "oidc":
        st.button("Log in", key="login", type="primary", on_click=st.login)
        return
    with st.form("login", width=420):
        given = st.text_input("Password", type="password", key="password", autocomplete="current-password")
        if st.form_submit_button("Log in", key="login_sent", type="primary"):
            if admission.is_password(given or ""):
                st.session_state["is_admitted"] = True
                st.session_state["login_token"] = admission.token()
                st.rerun()
            time.sleep(PAUSE_S)  # a guesser waits
            st.error("This is not the password.")


def _kind() -> admission.Login:
    return admission.login(st.get_option("server.address"))
