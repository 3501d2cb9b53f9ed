"""Keyed tokens for names, addresses and ids: the same value gives the same token, nobody without the key can go back.

Names become `t` and 12 letters or digits of an HMAC-SHA256; a map of token and original makes them readable again.
Addresses of hosts and hexadecimal ids are permuted (bit by bit, or by a Feistel network), which the key alone undoes.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
from functools import lru_cache

TOKEN = re.compile(r"(?<![a-z0-9])(?:win-t[a-z2-7]{10}|t[a-z2-7]{12})(?![a-z0-9])", re.IGNORECASE)
WINDOWS = re.compile(r"win-[a-z0-9]{11}", re.IGNORECASE)
"""A name that Windows gave by itself: a rule knows it by its form."""
GUID = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
ROUNDS = 8
PLACES = tuple(
    (ipaddress.IPv4Network(text), kept)
    for text, kept in (
        ("10.0.0.0/8", 8), ("172.16.0.0/12", 12), ("192.168.0.0/16", 16), ("169.254.0.0/16", 16), ("100.64.0.0/10", 10),
        ("127.0.0.0/8", 32), ("0.0.0.0/8", 32), ("224.0.0.0/3", 32),
    )
)  # fmt: skip
"""IPv4 networks that an address does not leave, with the bits that stay; whatever is in none of them is public."""
SUFFIXES = frozenset(
    "com net org edu gov mil int info biz name pro io app dev cloud online shop site xyz eu local lan internal "
    "intranet corp home localdomain arpa test example invalid".split()
)
SECOND = frozenset("co com org net ac gov edu or ne go".split())
SERVICES = ("mail.protection.outlook.com", "protection.outlook.com", "mail.onmicrosoft.com", "onmicrosoft.com",
            "prod.outlook.com", "outlook.com", "in-addr.arpa", "ip6.arpa")  # fmt: skip
KEPT_HOSTS = frozenset(
    "localhost localhost.localdomain localhost6 internalproxy maildeliveryprobe.com user admin ylmf-pc".split()
)
KEPT_LOCALS = frozenset("postmaster mailer-daemon inboundproxy maildeliveryprobe".split())
STEM = re.compile(
    r"healthmailbox|systemmailbox|discoverysearchmailbox|extest_|inboundproxy|maildeliveryprobe|microsoftexchange|"
    r"imceaex|journal|archiv|arbitration", re.IGNORECASE,
)  # fmt: skip
"""Words in the name of a mailbox by which the models and rules know what it is for."""
REPLY = re.compile(r"(?:(?:re|fw|fwd|aw|wg|sv|vs|antw|tr|rv|ref|odp|r|i):\s*)+", re.IGNORECASE)
LENGTHS = (10, 20, 40, 80, 160)


class Tokens:
    """Replaces values under one key.

    Attributes:
        seen: Token in lower case and the original, of everything that the key alone cannot give back.
    """

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.seen: dict[str, str] = {}
        self.name = lru_cache(200_000)(self._name)
        self.ip = lru_cache(200_000)(self._ip)
        self.host = lru_cache(50_000)(self._host)

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")

    def _name(self, text: str) -> str:
        """Gives the token of a name; names that differ in case alone give tokens that differ in case alone."""
        if not text:
            return ""
        folded = text.lower()
        token = "t" + base64.b32encode(self._digest("name", folded)[:10]).decode().lower()[:12]
        self.seen.setdefault(token, text)
        if text == folded:
            return token
        if text == text.upper():
            return token.upper()
        bits = int.from_bytes(self._digest("case", text)[:2], "big") | 1
        return "".join(sign.upper() if bits >> at & 1 else sign for at, sign in enumerate(token))

    def subject(self, text: str) -> str:
        """Gives the token of a subject with its length class, behind its reply marks."""
        marks = found.group() if (found := REPLY.match(text)) else ""
        rest = text[len(marks) :]
        if not rest.strip():
            return text
        above = next((f"up to {size}" for size in LENGTHS if len(rest) <= size), f"over {LENGTHS[-1]}")
        return f"{marks}{self.name(rest)} ({above} characters)"

    def _host(self, text: str) -> str:
        """Gives a host or domain name with each label replaced but the public suffix."""
        bare = text.rstrip(".")
        lower = bare.lower()
        if not bare or lower in KEPT_HOSTS:
            return text
        if bare[0] == "[" and bare[-1] == "]":
            inner = bare[1:-1]
            head = inner[:5] if inner[:5].lower() == "ipv6:" else ""
            return f"[{head}{self.ip(inner[len(head) :])}]" + text[len(bare) :]
        if is_ip(bare):
            return self.ip(bare) + text[len(bare) :]
        labels = bare.split(".")
        kept = _suffix(lower)
        count = len(labels) - kept
        new = [label if label in ("", "*") else self.label(label) for label in labels[:count]] + labels[count:]
        return ".".join(new) + text[len(bare) :]

    def label(self, text: str) -> str:
        """Gives one label of a host's name."""
        if not WINDOWS.fullmatch(text):
            return self.name(text)
        new = text[:4] + self.name(text)[:11]
        self.seen.setdefault(new.lower(), text)
        return new

    def mail(self, text: str) -> str:
        """Gives an address or message-id (without angle brackets) with its local part and domain replaced."""
        local, at, domain = text.rpartition("@")
        if not at:
            return self.local(text)
        return self.local(local) + at + self.host(domain)

    def local(self, text: str) -> str:
        """Gives a local part: names replaced; quotes, percent, bang and colon stay."""
        if text.lower() in KEPT_LOCALS:
            return text
        return "".join(self._unit(part) for part in re.split(r"([%!@\":,;\s]+)", text))

    def _unit(self, part: str) -> str:
        if not part or not (part[0].isalnum() or part.strip('%!@":,; \t\r\n')):
            return part
        if stem := STEM.match(part):
            rest = part[stem.end() :]
            return stem.group() + (self.hexes(rest) if is_hex(rest) else self._braced(rest))
        if stem := STEM.search(part):
            return f"{stem.group()}-{self.name(part)}"
        return self.name(part)

    def _braced(self, text: str) -> str:
        inner = text.strip("{}")
        guid = GUID.fullmatch(inner)
        return text.replace(inner, self.hexes(inner) if guid else self.name(inner)) if inner else text

    def account(self, text: str) -> str:
        r"""Gives a logon name: `DOMAIN\user`, `user@domain` or `user`; a machine keeps its `$`."""
        domain, slash, user = text.rpartition("\\")
        if domain.upper() in ("NT AUTHORITY", "BUILTIN", "NT SERVICE"):
            return text
        machine = "$" if user.endswith("$") else ""
        user = user[: len(user) - len(machine)]
        new = self.mail(user) if "@" in user else "" if not user else self.local(user)
        return (self.host(domain) if slash else "") + slash + new + machine

    def hexes(self, text: str, back: bool = False) -> str:
        """Gives a hexadecimal id (a GUID, thumbprint, serial number) as another of the same length and form."""
        digits = re.sub(r"[^0-9A-Fa-f]", "", text)
        left = len(digits) // 2
        a, b = int(digits[:left] or "0", 16), int(digits[left:] or "0", 16)
        sizes = (left, len(digits) - left)
        for turn in range(ROUNDS)[:: -1 if back else 1]:
            size = 16 ** sizes[turn % 2]
            if back:
                a, b = (b - self._round(len(digits), turn, a)) % size, a
            else:
                a, b = b, (a + self._round(len(digits), turn, b)) % size
        new = f"{a:0{left}x}{b:0{sizes[1]}x}" if left else f"{b:x}"
        signs = iter(new.upper() if text == text.upper() and text != text.lower() else new)
        return re.sub(r"[0-9A-Fa-f]", lambda _: next(signs), text)

    def _round(self, length: int, turn: int, half: int) -> int:
        return int.from_bytes(self._digest("hex", f"{length}.{turn}.{half}"), "big")

    def _ip(self, text: str) -> str:
        """Gives an address of the same kind (private, public, ...); equal prefixes stay equal prefixes."""
        return self._moved(text, back=False)

    def ip_back(self, text: str) -> str:
        """Gives the address that `ip` replaced."""
        return self._moved(text, back=True)

    def _moved(self, text: str, back: bool) -> str:
        bare, percent, scope = text.partition("%")
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            return text if back else self.name(text)
        if isinstance(address, ipaddress.IPv6Address):
            return self._moved_6(address, back) + percent + scope
        number = int(address)
        kept = next((bits for network, bits in PLACES if address in network), 0)
        while True:
            number = self._bits(number, 32, kept, back)
            if kept or not any(ipaddress.IPv4Address(number) in network for network, _ in PLACES):
                return str(ipaddress.IPv4Address(number))

    def _moved_6(self, address: ipaddress.IPv6Address, back: bool) -> str:
        if address.ipv4_mapped:
            return "::ffff:" + self._moved(str(address.ipv4_mapped), back)
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return str(address)
        number = int(address)
        kept = 64 if address.is_link_local else 8 if number >> 121 == 0x7E else 3 if number >> 125 == 1 else 16
        return str(ipaddress.IPv6Address(self._bits(number, 128, kept, back)))

    def _bits(self, number: int, width: int, kept: int, back: bool) -> int:
        """Flips each bit behind the kept ones as the key and the bits before it say (Crypto-PAn, Xu et al. 2002)."""
        plain = new = number >> (width - kept)
        for at in range(kept, width):
            flip = self._digest("bit", f"{width}.{at}.{plain}")[0] & 1
            bit = number >> (width - 1 - at) & 1
            new = new << 1 | bit ^ flip
            plain = plain << 1 | (bit ^ flip if back else bit)
        return new


def _suffix(lower: str) -> int:
    """Gives how many labels at the end of a name are public; one label at least is not."""
    labels = lower.split(".")
    for service in SERVICES:
        if lower.endswith("." + service) or lower == service:
            return service.count(".") + 1
    if len(labels) < 2:
        return 0
    is_country = len(labels[-1]) == 2 and labels[-1].isascii() and labels[-1].isalpha()
    if is_country and len(labels) > 2 and labels[-2] in SECOND:
        return 2
    return 1 if is_country or labels[-1] in SUFFIXES else 0


def is_ip(text: str) -> bool:
    """Tells whether a text is an address of a host."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def is_hex(text: str) -> bool:
    """Tells whether a text is a hexadecimal id: eight digits or more, in one case, with a digit and a letter."""
    return bool(
        re.fullmatch(r"[0-9a-f]{8,}|[0-9A-F]{8,}", text) and re.search(r"[0-9]", text) and re.search(r"[A-Fa-f]", text)
    )
