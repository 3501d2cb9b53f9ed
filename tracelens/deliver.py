"""Tells news: as text, by e-mail (SMTP), by webhook (apprise). Text from logs is inert on every way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from tracelens.agreement import count
from tracelens.alert import News, level
from tracelens.errors import TracelensError, UsageError
from tracelens.render import plain
from tracelens.story import finding_text

if TYPE_CHECKING:
    from email.message import EmailMessage

TOLD_IN_FULL = 50
SUMMARY_LENGTH = 1000
TIMEOUT_S = 30
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LIVE = (  # what mail and chat programs make a link or a call of
    (re.compile(r"(?i)\b(https?|ftp|file)(?=://)|\b(mailto|javascript|data)(?=:\S)"), r"\g<0>[]"),
    (re.compile(r"(?i)\bwww(?=\.)"), r"\g<0>[]"),
    (re.compile(r"(?<!\S)\\(?=\\)"), r"\\ "),
    (re.compile(r"(?i)<(?=[!@#&])|(?<![\w.])@(?=everyone\b|here\b|channel\b|all\b)"), r"\g<0> "),
)


class DeliveryError(TracelensError):
    """News could not be handed over; the findings stay untold there."""

    exit_code = 5


class Channel(Protocol):
    """A way to tell news."""

    @property
    def name(self) -> str:
        """Name under which is kept what it was told; holds no secret."""

    def send(self, entries: Sequence[News], now: datetime) -> None:
        """Tells news.

        Raises:
            DeliveryError: It was not taken.
        """


def headline(entries: Sequence[News]) -> str:
    """Gives one line of our own words and counts; nothing from a log gets into it."""
    new = sum(entry.change == "new" for entry in entries)
    worse = len(entries) - new
    parts = [f"{new} new finding{'s' if new != 1 else ''}"] if new else []
    parts += [f"{worse} grown worse"] if worse else []
    severities = Counter(entry.finding["severity"] for entry in entries)
    counted = ", ".join(f"{severities[name]} {name}" for name in sorted(severities, key=level, reverse=True))
    held = "; held back in quiet hours" if any(entry.was_held for entry in entries) else ""
    return f"tracelens: {', '.join(parts)} ({counted}{held})"


def text_of(entries: Sequence[News], limit: int | None = TOLD_IN_FULL) -> str:
    """Gives news as plain text, the worst first; links from logs are broken, so that no program makes them live."""
    blocks = []
    for entry in entries[:limit]:
        row = {**entry.finding, "summary": _cut(entry.finding["summary"])}
        blocks.append(_change(entry) + "\n" + finding_text([row], []))
    if limit and len(entries) > limit:
        blocks.append(f"and {len(entries) - limit} more: tracelens findings\n")
    text = "\n".join(blocks)
    for pattern, dead in LIVE:
        text = pattern.sub(dead, text)
    return "\n".join(plain(line) for line in text.split("\n"))


def _change(entry: News) -> str:
    if entry.before is None:
        return "NEW"
    if entry.change == "severity":
        return f"WORSE: {entry.before.severity} before, {entry.finding['severity']} now"
    return f"WORSE: {count(entry.before.hit_count, 'hit')} before, {entry.finding['hit_count']:,} now"


def _cut(text: str) -> str:
    return text if len(text) <= SUMMARY_LENGTH else text[: SUMMARY_LENGTH - 1] + "…"


@dataclass(frozen=True)
class Mail:
    """E-mail through one SMTP server.

    Attributes:
        host: SMTP server.
        port: 25 as a rule; 465 speaks TLS from the first byte when `tls` is set.
        sender: Address of the sender.
        recipients: Addresses of the recipients.
        tls: Demand TLS with a certificate that this machine trusts.
        user: Logon name; None sends without logon.
        password: Its password.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    tls: bool = False
    user: str | None = None
    password: str | None = None
    name: str = "mail"

    def __post_init__(self) -> None:
        for address in (self.sender, *self.recipients):
            if not ADDRESS.fullmatch(address):
                raise UsageError(f"no mail address: '{plain(address)}'", hint="write it as name@example.com")
        if self.user and not self.tls and self.host not in LOOPBACK:
            raise UsageError("a password would go over the net unencrypted", hint="add --smtp-tls")
        if self.user and not self.password:
            raise UsageError("no password for --smtp-user", hint="put it into TRACELENS_SMTP_PASSWORD")

    def message(self, entries: Sequence[News], now: datetime) -> EmailMessage:
        """Gives the mail: headers of our own making, a body of plain text."""
        from email.message import EmailMessage
        from email.utils import format_datetime, make_msgid

        mail = EmailMessage()
        mail["From"] = f"tracelens <{self.sender}>"
        mail["To"] = ", ".join(self.recipients)
        mail["Subject"] = headline(entries)
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(text_of(entries), cte="quoted-printable")
        return mail

    def send(self, entries: Sequence[News], now: datetime) -> None:
        """Sends one mail.

        Raises:
            DeliveryError: The server cannot be reached or does not take it for all recipients.
        """
        import smtplib
        import ssl

        mail = self.message(entries, now)
        try:
            context = ssl.create_default_context() if self.tls else None
            server: smtplib.SMTP
            if context and self.port == 465:
                server = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=context)
            else:
                server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
            with server:
                if context and self.port != 465:
                    server.starttls(context=context)
                if self.user and self.password:
                    server.login(self.user, self.password)
                refused = server.send_message(mail, self.sender, list(self.recipients))
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"no mail sent: {_reason(error)}", f"{self.host}:{self.port}") from error
        if refused:  # some recipients have it: sending again would double theirs, so it counts as told
            names = ", ".join(sorted(refused))
            raise PartlyDeliveredError(f"the mail was not taken for {names}", f"{self.host}:{self.port}")


class PartlyDeliveredError(DeliveryError):
    """Some recipients have the news, some were refused; it counts as told."""


@dataclass(frozen=True)
class Webhook:
    """A webhook or chat service by its apprise address, e.g. `json://host/path`; plain http(s) addresses get JSON."""

    url: str

    def __post_init__(self) -> None:
        if self._service() is None:
            raise UsageError("a webhook address is not understood", hint="see docs/alerts.md for the forms it may have")

    @property
    def name(self) -> str:
        """Name without the address, which may hold a token."""
        return f"webhook-{blake2b(self.url.encode(), digest_size=4).hexdigest()}"

    def send(self, entries: Sequence[News], now: datetime) -> None:  # noqa: ARG002
        """Posts title and text once.

        Raises:
            DeliveryError: The service cannot be reached or refuses.
        """
        import logging

        import apprise

        manager = apprise.Apprise()
        manager.add(self._service())
        kind = apprise.NotifyType.FAILURE if _worst(entries) == "critical" else apprise.NotifyType.WARNING
        capture: Any = apprise.LogCapture
        with capture(level=logging.WARNING, fmt="%(message)s") as said:
            taken = manager.notify(
                title=headline(entries), body=text_of(entries), notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            )
            reason = plain(said.getvalue().strip().split("\n")[0])[:200]
        if not taken:
            raise DeliveryError(f"webhook not reached: {reason or 'refused'}", self.name)

    def _service(self) -> Any:
        import importlib.util

        if importlib.util.find_spec("apprise") is None:
            raise UsageError("webhooks need apprise", hint="pip install 'tracelens[alerts]'")
        import apprise

        schema, _, rest = self.url.partition("://")
        plainly = {"http": "json", "https": "jsons"}.get(schema.lower())
        found = apprise.Apprise.instantiate(self.url, suppress_exceptions=True)
        if found is None and plainly:
            found = apprise.Apprise.instantiate(f"{plainly}://{rest}", suppress_exceptions=True)
        if found is not None and "overflow=" not in self.url:  # a chat refuses what is too long for it
            found.overflow_mode = apprise.OverflowMode.TRUNCATE
        return found


def _worst(entries: Sequence[News]) -> str:
    return str(max((entry.finding["severity"] for entry in entries), key=level))


def _reason(error: Exception) -> str:
    """Gives what went wrong in one line; replies of a server are foreign text."""
    if error.args and isinstance(error.args[0], dict):
        said = "; ".join(f"{name}: {code} {_words(text)}" for name, (code, text) in error.args[0].items())
    else:
        said = " ".join(_words(part) for part in error.args) or type(error).__name__
    return plain(said)[:200]


def _words(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
