"""A login by an OpenID Connect provider: a small one of the test's own, on loopback, that lets one user in at once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.browser.conftest import PATIENCE_MS, ROOT, wait_until_healthy

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("authlib", reason="the extra 'auth' is not installed")
from playwright.sync_api import expect

jwk = pytest.importorskip("joserfc.jwk", reason="the extra 'auth' is not installed")
jwt = pytest.importorskip("joserfc.jwt", reason="the extra 'auth' is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CLIENT = "tracelens"
USER = "operator@contoso.com"


class Provider(BaseHTTPRequestHandler):
    """Answers as an OpenID Connect provider must: its description, the login, the token, its key."""

    key = jwk.RSAKey.generate_key(2048, {"kid": "one"})
    nonces: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        issuer = f"http://{self.headers['Host']}"
        if address.path == "/.well-known/openid-configuration":
            ends = {f"{name}_endpoint": f"{issuer}/{name}" for name in ("authorization", "token", "userinfo")}
            more = {"id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["code"]}
            self.tell(
                {"issuer": issuer, "jwks_uri": f"{issuer}/keys", "subject_types_supported": ["public"]} | ends | more
            )
        elif address.path == "/authorization":
            self.nonces["code"] = asked.get("nonce", "")
            self.send_response(302)
            back = urlencode({"code": "code", "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        else:
            self.tell({"keys": [self.key.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        issuer, now = f"http://{self.headers['Host']}", int(time.time())
        told = {
            "iss": issuer,
            "sub": "1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 600,
            "email": USER,
            "name": "Operator",
        }
        token = jwt.encode({"alg": "RS256", "kid": "one"}, told | {"nonce": self.nonces.get("code", "")}, self.key)
        self.tell({"access_token": "given", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def tell(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def guarded(store: Path, provider: str, tmp_path: Path) -> Iterator[str]:
    """A dashboard that others could reach, with a login by that provider."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "{address}/oauth2callback"\ncookie_secret = "made up for this test"\n'
        f'client_id = "{CLIENT}"\nclient_secret = "also made up"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n',
        encoding="utf-8",
    )
    options = {"port": str(port), "address": "0.0.0.0", "headless": "true", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    for name, value in options.items():
        command += [f"--server.{name}", value]
    environment = os.environ | {"TRACELENS_STORE": str(store.absolute()), "PYTHONWARNINGS": ""}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_until_healthy(server, address)
            yield address
        finally:
            server.terminate()


@pytest.mark.slow
def test_a_provider_lets_a_visitor_in_and_nothing_is_shown_before(browser: Browser, guarded: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{guarded}/messages")
    expect(page.get_by_role("button", name="Log in")).to_be_visible(timeout=PATIENCE_MS)
    assert page.get_by_test_id("stDataFrame").count() == 0
    assert "contoso" not in page.inner_text("body")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Messages")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{guarded}/messages")
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible(timeout=PATIENCE_MS)
    page.close()


@pytest.mark.slow
def test_the_first_visit_to_a_page_of_a_fresh_dashboard_asks_for_the_password(browser: Browser, store: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tracelens", "serve", "--store", str(store), "--address", "0.0.0.0", "--port", str(port)]  # fmt: skip
    environment = os.environ | {"TRACELENS_PASSWORD": "made up for this test", "PYTHONWARNINGS": ""}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until_healthy(server, f"http://127.0.0.1:{port}")
            page = browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.goto(f"http://127.0.0.1:{port}/messages")
            page.locator("input[type=password]").wait_for()
            assert not page.get_by_role("heading", name="Messages", exact=True).is_visible()
            page.close()
        finally:
            server.terminate()
