"""The made-up estate: servers, people, groups, devices and the outside world. All names are invented."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

BUILDS = {
    "2013": "15.00.1497.048",
    "2016": "15.01.2507.039",
    "2019": "15.02.1748.010",
    "SE": "15.02.2562.017",
}
INTERNAL = "contoso.com"
REPORT_SENDER = f"MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{INTERNAL}"
INTERNET_CONNECTOR = "Internet Mail"
PARTNER_CONNECTOR = "To Fabrikam"
INTRA_CONNECTOR = "Intra-Organization SMTP Send Connector"
PROXY_CONNECTOR = "Inbound Proxy Internal Send Connector"
CLIENT_PROXY_CONNECTOR = "Client Proxy Send Connector"
OUTBOUND_PROXY_CONNECTOR = "Outbound Proxy Send Connector"
LOAD_BALANCER = "10.0.0.250"

_FIRST = "anna ben chloé dmitri elif farid grace hugo ines jonas kavya lena marco nadia oskar priya".split()
_LAST = "berg costa diaz ek fischer gomez haddad ito jansen kowalska lund moreau novak okafor petrov".split()
_SUBJECTS = (
    "Minutes of Monday",
    "Invoice 2026-0142",
    "Re: Delivery note, order 4711",
    'Re: "Project Alder", next steps',
    "Angebot für März – Änderungen",
    "Отчёт за февраль",
    "会議の議事録",
    "تقرير المبيعات",
    "Lunch?",
    "AW: Rückfrage; bitte bis Freitag",
    "Holiday rota, spring",
    "Your parcel is on its way 📦",
    "FW: Contract = draft 3, comments",
    "",
)


@dataclass(frozen=True)
class Server:
    """One Exchange server: front end, hub and mailboxes, or an Edge server, or a hub of 2010."""

    name: str
    fqdn: str
    ip: str
    index: int
    thumbprint: str
    service: str = "hub"
    is_old: bool = False


@dataclass(frozen=True)
class Person:
    """A mailbox."""

    address: str
    account: str
    home: Server
    database: str
    mailbox: str


@dataclass(frozen=True)
class Remote:
    """A mail system outside: how it is called, where it is, how it answers."""

    domain: str
    host: str
    ip: str
    software: str


@dataclass(frozen=True)
class Device:
    """A machine inside that relays without logging on."""

    name: str
    ip: str
    sender: str
    tls: str


REMOTES = (
    Remote("example.com", "mx1.example.com", "192.0.2.25", "postfix"),
    Remote("example.net", "mail.example.net", "198.51.100.40", "exim"),
    Remote("fabrikam.com", "mail.fabrikam.com", "203.0.113.20", "exchange"),
)
CLOUD = Remote("contoso.mail.onmicrosoft.com", "contoso-com.mail.protection.outlook.com", "198.51.100.200", "exchange")
CLOUD_CONNECTOR = "Outbound to Office 365 - c0ffee00-1111-2222-3333-444444444444"
EDGE_OUT_CONNECTOR = "EdgeSync - Default-First-Site-Name to Internet"
DEVICES = (
    Device("scan-2f", "10.0.20.31", f"scanner2f@{INTERNAL}", ""),
    Device("erp01", "10.0.20.40", f"erp@{INTERNAL}", "TLS1_2"),
    Device("ups-a", "10.0.20.52", f"ups@{INTERNAL}", "TLS1_0"),
)


def unique_text(rng: random.Random) -> str:
    """Gives a GUID in its dashed form."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Estate:
    """The servers and everybody who sends or gets mail.

    Attributes:
        full_mailbox: A mailbox over its quota; none in an estate without troubles.
        devices: Machines inside that relay; without troubles none speaks an old TLS version.
        busiest: The one that sends half of all mail; None where mail is even.
    """

    def __init__(self, rng: random.Random, servers: int, troubles: bool = True) -> None:
        self.servers = [
            Server(f"EX{n:02d}", f"EX{n:02d}.{INTERNAL}", f"10.0.10.{10 + n}", n - 1, f"{rng.getrandbits(160):040X}")
            for n in range(1, servers + 1)
        ]
        databases = {server.name: unique_text(rng) for server in self.servers}
        self.people: list[Person] = []
        for number in range(max(24, 12 * servers)):
            first, last = _FIRST[number % len(_FIRST)], _LAST[(number * 7) % len(_LAST)]
            home = self.servers[number % servers]
            plain = first.replace("é", "e")
            suffix = str(number // len(_FIRST)) if number >= len(_FIRST) else ""
            name = f"{plain}.{last}{suffix}"
            person = Person(f"{name}@{INTERNAL}", name[:18], home, databases[home.name], unique_text(rng))
            self.people.append(person)
        self.by_address = {person.address: person for person in self.people}
        self.groups = {
            f"all-sales@{INTERNAL}": [p.address for p in self.people[0:5]],
            f"project-alder@{INTERNAL}": [p.address for p in self.people[4:7]],
        }
        self.groups[f"everybody@{INTERNAL}"] = [*self.groups, self.people[10].address]
        self.groups[f"confidential@{INTERNAL}"] = [self.people[13].address, self.people[14].address]
        self.hidden = {f"confidential@{INTERNAL}"}
        self.folders = {f"ideas@{INTERNAL}": self.servers[0]}
        self.moderated = {
            f"board@{INTERNAL}": (self.people[15].address, [self.people[16].address, self.people[17].address])
        }
        self.forwards = {self.people[10].address: self.people[11].address}
        self.journaled = {self.people[2].address}
        self.journal = self.people[12].address
        self.edge: Server | None = None
        self.old_hub: Server | None = None
        self.old_people: list[Person] = []
        self.redirects = {f"former.colleague@{INTERNAL}": self.people[7].address}
        self.aliases = {f"info@{INTERNAL}": self.people[3].address, f"orders@{INTERNAL}": self.people[8].address}
        self.health: list[Person] = []
        self.last_mailbox = self.people[-1].address
        self.full_mailbox = self.last_mailbox if troubles else None
        self.devices = [d if troubles or d.tls != "TLS1_0" else replace(d, tls="TLS1_2") for d in DEVICES]
        self.busiest: Device | None = None

    def burden(self) -> None:
        """Makes one device send half of all mail, and the journal keep what it and everybody sends."""
        self.busiest = self.devices[1]
        self.journaled = {person.address for person in self.people} | {self.busiest.sender}

    def is_known(self, address: str) -> bool:
        """Says whether an address inside takes mail."""
        names = (self.by_address, self.groups, self.redirects, self.aliases, self.folders, self.moderated)
        return any(address in part for part in names)

    def subject(self, rng: random.Random) -> str:
        """Gives a subject, some with commas, quotes and foreign scripts."""
        return rng.choice(_SUBJECTS)
