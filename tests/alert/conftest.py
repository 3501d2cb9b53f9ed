"""Real servers on the loopback address, and logs whose finding can grow."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
SIZES = {"info": 1, "medium": 6, "high": 24}


def write_refusals(folder: Path, count: int, helo: str = "relay.example.net", client: str = "192.0.2.9") -> None:
    """Writes a receive log in which one client is refused relaying `count` times, a second apart."""
    place = folder / "EX01" / "TransportRoles" / "Logs" / "FrontEnd" / "ProtocolLog" / "SmtpReceive"
    place.mkdir(parents=True, exist_ok=True)
    rows = [
        "#Software: Microsoft Exchange Server",
        "#Version: 15.0.0.0",
        "#Log-type: SMTP Receive Protocol Log",
        "#Date: 2026-03-02T08:00:00.000Z",
        f"#Fields: {FIELDS}",
    ]
    refused = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
    said = ["+,,", f"<,EHLO {helo},", "<,MAIL FROM:<spam@example.net>,", ">,250 2.1.0 Sender OK,"]
    for _ in range(count):
        said += ["<,RCPT TO:<someone@example.org>,", f">,{refused},"]
    for number, text in enumerate(said):
        moment = f"2026-03-02T08:{number // 60:02}:{number % 60:02}.000Z"
        rows.append(f"{moment},EX01\\Default Frontend EX01,08D1,{number},10.0.0.1:25,{client}:41,{text}")
    text = "\r\n".join(rows).encode() + b"\r\n"
    path = place / "RECV2026030208-1.LOG"
    held = path.read_bytes() if path.exists() else b""
    assert text.startswith(held), "a log only grows"
    with path.open("ab") as stream:
        stream.write(text[len(held) :])


@pytest.fixture
def logs(tmp_path: Path) -> Callable[..., Path]:
    """Writes logs of a given severity or number of refusals, and gives their folder."""

    def write(size: str | int, **more: Any) -> Path:
        write_refusals(tmp_path / "logs", SIZES[size] if isinstance(size, str) else size, **more)
        return tmp_path / "logs"

    return write


class Mailbox:
    """An SMTP server and what it took."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.logons: list[tuple[bytes, bytes]] = []
        self.port = 0
        self.is_closed = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 5.1.10 no such recipient\x1b[31m"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.is_closed:
            return "451 4.3.2 not now"
        self.raw.append(envelope.content)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 OK"

    def logon(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logons.append((data.login, data.password))
        return AuthResult(success=data.password == b"secret", handled=False)


def free_port() -> int:
    """Gives a port of the loopback address on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start_mailbox() -> Iterator[Callable[..., Mailbox]]:
    """Starts SMTP servers."""
    running = []

    def start(context: ssl.SSLContext | None = None) -> Mailbox:
        box = Mailbox()
        box.port = free_port()
        options: dict[str, Any] = {"tls_context": context, "require_starttls": True} if context else {}
        server = Controller(
            box,
            hostname="127.0.0.1",
            port=box.port,
            authenticator=box.logon,
            auth_require_tls=context is not None,
            **options,
        )
        server.start()
        running.append(server)
        return box

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def mailbox(start_mailbox: Callable[..., Mailbox]) -> Mailbox:
    """An SMTP server without TLS."""
    return start_mailbox()


class Hook:
    """A web server and what was posted to it."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.code = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.code == 200:
                    outer.posts.append(json.loads(body))
                self.send_response(outer.code)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/token-XYZZY"


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A web server for webhooks."""
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()
