"""Who may open the dashboard: nobody is asked on loopback; elsewhere a login is needed, or nothing is shown."""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
import time
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tracelens.errors import UsageError

PASSWORD = "TRACELENS_PASSWORD"
KEY = secrets.token_bytes(32)
TOKEN_S = 12 * 3600
SECRETS = Path(".streamlit") / "secrets.toml"

Login = Literal["none", "password", "oidc"]


def is_loopback(address: str | None) -> bool:
    """Tells whether a server at this address can be reached from its own machine only; no address means all of them."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address((address or "").strip("[]")).is_loopback
    except ValueError:
        return False


def login(address: str | None) -> Login:
    """Gives the login that a dashboard at this address asks for.

    One that is configured is asked for on loopback too: a proxy may stand in front.

    Raises:
        UsageError: Others can reach the address and no login is configured.
    """
    if _has_oidc():
        return "oidc"
    if os.environ.get(PASSWORD):
        return "password"
    if is_loopback(address):
        return "none"
    raise UsageError(
        f"the dashboard would be open to everybody who can reach '{address or 'all addresses'}'",
        hint=f"set the environment variable {PASSWORD}, or configure a login in {SECRETS} "
        "(table [auth], extra 'auth'), or keep to --address 127.0.0.1",
    )


def is_password(given: str) -> bool:
    """Tells whether a text is the password; the time it takes does not depend on how much of it is right."""
    wanted = os.environ.get(PASSWORD, "")
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())


def token() -> str:
    """Gives what a browser keeps after a login, so that its other tabs need none: it ends after twelve hours.

    It is signed with a key of this process: it tells nothing of the password, and a restart ends it.
    """
    ends = str(int(time.time()) + TOKEN_S)
    return f"{ends}.{_signed(ends)}"


def is_token(given: str) -> bool:
    """Tells whether this process has given that token out and it has not ended."""
    ends, _, signature = given.partition(".")
    is_ours = hmac.compare_digest(signature.encode(), _signed(ends).encode())
    return is_ours and ends.isdecimal() and int(ends) > time.time()


def _signed(text: str) -> str:
    wanted = os.environ.get(PASSWORD, "")
    return hmac.new(KEY, f"{text} {wanted}".encode(), "sha256").hexdigest()


def _has_oidc() -> bool:
    """Tells whether Streamlit's login is configured and its library is here."""
    for path in (Path.cwd() / SECRETS, Path.home() / SECRETS):
        try:
            if "auth" in tomllib.loads(path.read_text(encoding="utf-8")):
                return find_spec("authlib") is not None
        except (OSError, ValueError):
            continue
    return False
