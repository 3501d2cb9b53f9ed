"""Log texts and fields with the names in them replaced: what is known to be wording stays, all else becomes tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tracelens.pseudonym import GUID, KEPT_HOSTS, Tokens, is_hex, is_ip
from tracelens.wording import PHRASES, words

LEXER = re.compile(
    rf"""
      (?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?)
    | (?P<reply>(?:^|(?<=["' ]))[2-5]\d\d-(?=[^\d\s]))
    | (?P<escape>\\x[0-9A-Fa-f]{{2}})
    | (?P<phrase>{PHRASES.pattern.replace(" ", "[ ]")})
    | (?P<empty><>|<CRLF>)
    | (?P<angle><(?=[^<>\r\n]{{0,2000}}>)[^<>\r\n]*@[^<>\r\n]*>)
    | (?P<guid>(?<![0-9A-Za-z]){GUID.pattern}(?![0-9A-Za-z]))
    | (?P<account_mark>Session[ ]for[ ]?(?=\S))(?P<account>[^\s]+)
    | (?P<user_mark>User[ ]Name:[ ]*)(?P<user>[^\r\n]+)
    | (?P<host_mark>\b(?:Hostname\s?=\s?|FQDN=|DOMAIN=|L?SRV=|ProxyHop\d+=|Destination[ ]domain:[ ]|Replication=|
        FirstForestHop=|AccountForest=|ProxiedClientHostname=|TlsDomain=|XOORG=))(?P<host>[^\s;,:()\[\]{{}}|'"=]+)
    | (?P<session_mark>\b(?:SID=|SESSIONID=|session[ ]id[ ]))(?P<session>[0-9A-Fa-f]{{16}})\b
    | (?P<session_id>\b08[0-9A-F]{{14}}\b)
    | (?P<mail>[^\s\x00-\x1f<>;,:"'()\[\]{{}}=|\\@]{{1,320}}@(?:\[[^\]\s]{{0,80}}\]|[\w.\-]{{0,255}}\w))
    | (?P<login>[\w.\-]{{1,64}}\\[\w.\-]+\$?)
    | (?P<ip4>(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\.?\w))
    | (?P<ip6>(?<![\w:.])(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}
        (?:(?:\d{{1,3}}\.){{3}}\d{{1,3}}|[0-9A-Fa-f]{{1,4}}|(?=[^\w:]|$))(?:%\w+)?)
    | (?P<dotted>[\w\-]{{1,255}}(?:\.[\w\-]{{1,255}}){{0,30}}\.[^\W\d_][\w\-]*)
    | (?P<word>\w+(?:[\-]\w+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
DOTTED = frozenset(
    "storedrv resolver smtpsend approval microsoft ipm routing queue agent transport system store m2mcvt".split()
)
ENUMERATED = re.compile(r"(?:SP_PROT|CALG|SEC_E|SEC_I|CERT)_\w+|(?:PRX|ATTR|AS|SU)\d+|[A-Z]\w*Exception\w*")
COMMAND = re.compile(
    r"(?P<hello>(?:EHLO|HELO) +)(?P<host>\S.*)|(?P<mail>(?:MAIL FROM|RCPT TO): *)"
    r"(?P<address><[^\r\n]*?>(?= |$)|[^\s<>]+)(?P<rest>.*)|(?P<ask>(?:VRFY|EXPN) +)(?P<who>.+)",
    re.IGNORECASE | re.DOTALL,
)  # fmt: skip
CERTIFICATE = re.compile(r"certificate", re.IGNORECASE)
DN_KEYS = frozenset("cn o ou l s st c dc e t z".split())


class Scrub:
    """Replaces names in fields and texts.

    Attributes:
        tokens: Gives the tokens.

    Args:
        tokens: The same.
        names: Names with a dot in them, in lower case, that are no hosts: `anna.berg`.
        more: Further words that stay, in lower case.
    """

    def __init__(self, tokens: Tokens, names: frozenset[str] = frozenset(), more: frozenset[str] = frozenset()) -> None:
        self.tokens = tokens
        self._names = names
        self._words = words() | more
        self._text = lru_cache(100_000)(self._free)
        self._strict = lru_cache(20_000)(self._unknown)

    def text(self, value: str) -> str:
        """Gives a text with known wording kept."""
        return self._text(value)

    def strict(self, value: str) -> str:
        """Gives a text with every word replaced: lines that are no rows, certificates."""
        return self._strict(value)

    def _free(self, value: str) -> str:
        return LEXER.sub(lambda found: self._lexeme(found, self._words), value)

    def _unknown(self, value: str) -> str:
        return LEXER.sub(lambda found: self._lexeme(found, DN_KEYS), value)

    def _lexeme(self, found: re.Match[str], known: frozenset[str]) -> str:
        tokens, text, kind = self.tokens, found.group(), found.lastgroup
        if kind in ("time", "reply", "escape", "phrase", "empty", "session", "session_id"):
            return text
        if kind == "angle":
            return f"<{tokens.mail(text[1:-1])}>"
        if kind == "guid":
            return tokens.hexes(text)
        if kind in ("account", "user"):
            return found.group(f"{kind}_mark") + tokens.account(found.group(kind))
        if kind == "host":
            value = found.group("host")
            return found.group("host_mark") + (value if value.isdigit() else tokens.host(value))
        if kind == "mail":
            return tokens.mail(text)
        if kind == "login":
            return self._login(text, known)
        if kind in ("ip4", "ip6"):
            return tokens.ip(text) if is_ip(text) else self._words_of(text, known)
        if kind == "dotted":
            return self._dotted(text, known)
        return self._word(text, known)

    def _login(self, text: str, known: frozenset[str]) -> str:
        domain, _, user = text.partition("\\")
        if user.lower() in known:
            return f"{self.tokens.host(domain)}\\{user}"
        return self.tokens.account(text)

    def _words_of(self, text: str, known: frozenset[str]) -> str:
        return re.sub(r"\w+", lambda found: self._word(found.group(), known), text)

    def _dotted(self, text: str, known: frozenset[str]) -> str:
        if text.lower() in self._names:
            return self.tokens.name(text)
        labels = text.lower().split(".")
        parts = list(zip(labels, text.split("."), strict=True))
        new = self.tokens.host(text)
        ends_public = new.rpartition(".")[2].lower() == labels[-1]
        if not ends_public and known is self._words:
            if DOTTED & set(labels) and all(re.fullmatch(r"[a-z\-]+|\d+", label) for label in labels):
                return text
            if all(label in known or label.isdigit() or ENUMERATED.fullmatch(part) for label, part in parts):
                return text
        return new

    def _word(self, text: str, known: frozenset[str]) -> str:
        lower = text.lower()
        if re.fullmatch(r"[\d_\-]+", text) or (len(text) == 1 and text.isascii()) or lower in known:
            return text
        if known is self._words:
            if ENUMERATED.fullmatch(text):
                return text
            if all(part in known or len(part) == 1 for part in re.split(r"[-_]", lower)):
                return text
        if lower in KEPT_HOSTS and known is self._words:
            return text
        if is_hex(text) or (len(text) >= 32 and re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", text)):
            return self.tokens.hexes(text)
        return self.tokens.label(text)

    def connector(self, value: str) -> str:
        r"""Gives a connector's name: `SERVER\name`, words of the built-in ones kept."""
        server, slash, name = value.rpartition("\\")
        if server:
            name = re.sub(rf"(?<!\w){re.escape(server)}(?!\w)", lambda f: self.tokens.host(f.group()), name, flags=re.I)
            pieces = re.split(rf"({re.escape(self.tokens.host(server))})", name, flags=re.I)
            name = "".join(part if at % 2 else self.text(part) for at, part in enumerate(pieces))
            return f"{self.tokens.host(server)}{slash}{name}"
        return slash + self.text(name)

    def endpoint(self, value: str) -> str:
        """Gives `address:port` with the address replaced."""
        address, colon, port = value.rpartition(":")
        if not colon or not port.isdigit():
            return self.address(value)
        bare = address.strip("[]")
        return (address.replace(bare, self.address(bare)) if bare else address) + colon + port

    def address(self, value: str) -> str:
        """Gives an address of a host; what is none is taken for a text."""
        return self.tokens.ip(value) if is_ip(value) else self.strict(value)

    def host(self, value: str) -> str:
        """Gives the name of a host."""
        return self.tokens.host(value) if re.fullmatch(r"[^\s,;]+", value) else self.strict(value)

    def mails(self, value: str) -> str:
        """Gives addresses or message-ids between semicolons."""
        return ";".join(self.mail(part) for part in value.split(";"))

    def references(self, value: str) -> str:
        """Gives what a tracking row refers to: message-ids; the id of a queue entry stays, the linker needs it."""
        kept = re.compile(r"\{?\d+\}?")
        parts = value.split(";")
        return ";".join(
            part if kept.fullmatch(part) else self.text(part) if GUID.fullmatch(part.strip("{}")) else self.mail(part)
            for part in parts
        )

    def mail(self, value: str) -> str:
        """Gives one address or message-id, in angle brackets or not."""
        bare = value.strip("<> ")
        if not bare or "\n" in bare:
            return self.strict(value)
        start = value.index(bare)
        return value[:start] + self.tokens.mail(bare) + value[start + len(bare) :]

    def subject(self, value: str) -> str:
        """Gives a subject's token; its line breaks stay."""
        return "".join(
            part if at % 2 else self.tokens.subject(part) for at, part in enumerate(re.split(r"(\r?\n)", value))
        )

    def said(self, value: str, context: str) -> str:
        """Gives the data of a protocol row: a command, a reply, or what its context says."""
        if context == "authenticated":
            return self.tokens.account(value)
        if CERTIFICATE.search(context) and "status" not in context:
            return self.strict(value)
        if not (found := COMMAND.fullmatch(value)):
            return self.text(value)
        if found["hello"]:
            return found["hello"] + self.host(found["host"])
        if found["ask"]:
            return found["ask"] + self.mail(found["who"])
        return found["mail"] + self.mail(found["address"]) + self.text(found["rest"])


def fields(scrub: Scrub) -> dict[str, Callable[[str], str]]:
    """Gives what replaces the names in each field of a log; a field that is not here is a text."""

    def same(value: str) -> str:
        return value if re.fullmatch(r"[\w.:\-]*", value) and not is_ip(value) else scrub.strict(value)

    kinds: dict[Callable[[str], str], str] = {
        same: "date-time session-id sequence-number event-id source internal-message-id total-bytes recipient-count "
        "directionality transport-traffic-type schema-version",
        scrub.address: "client-ip server-ip original-client-ip original-server-ip",
        scrub.host: "client-hostname server-hostname",
        scrub.connector: "connector-id",
        scrub.mail: "message-id sender-address return-path",
        scrub.mails: "recipient-address related-recipient-address",
        scrub.references: "reference",
        scrub.subject: "message-subject",
        scrub.endpoint: "local-endpoint remote-endpoint",
        lambda value: value if value in ("+", "-", "<", ">", "*") else scrub.strict(value): "event",
    }
    found: dict[str, Callable[[str], str]] = {}
    for change, names in kinds.items():
        kept = lru_cache(50_000)(change)
        found.update(dict.fromkeys(names.split(), kept))
    return found
