"""The configuration of the made-up estate, as Format-List text: what the logs agree with, but for planted mistakes."""

from __future__ import annotations

from pathlib import Path

from tracelens.simulate.estate import DEVICES, INTERNAL, INTERNET_CONNECTOR, PARTNER_CONNECTOR, Server
from tracelens.simulate.mistakes import (
    CHANGED,
    CONNECTORS,
    FRONT,
    GATEWAY,
    HUB,
    SEND_CONNECTORS,
    SITES,
    UNUSED,
    Connector,
)
from tracelens.simulate.world import World

EVERYBODY = "{::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 0.0.0.0-255.255.255.255}"
USERS = "Tls, Integrated, BasicAuth, BasicAuthRequireTLS"
TRUSTING = "Partner Link"


def write_exports(world: World, folder: Path, troubles: bool, mistakes: bool = False, days: int = 1) -> None:
    """Writes the exports of connectors and domains; with troubles, two wrong ranges and a wildcard domain.

    Args:
        world: The estate.
        folder: Where the logs are.
        troubles: Make the configuration not agree with the troubles of the day.
        mistakes: Write the connectors of `mistakes` too, where the servers are, and who the gateway is.
        days: Days that the logs will hold.
    """
    servers = world.estate.servers
    text, first, last = "\n", servers[0], servers[-1]
    for server in servers:
        ranges = ", ".join(device.ip for device in DEVICES)
        if troubles and server is first:
            ranges = "10.0.20.0/24"
        text += _connectors(server, "{" + ranges + "}", CHANGED if mistakes and server is last else {})
    if mistakes:
        text += "".join(_made(world, last, connector) for connector in (*CONNECTORS, *((UNUSED,) if days >= 8 else ())))
        for name, (_, rules) in CHANGED.items():
            for rule in rules:
                world.plant(rule, last.name, f"{last.name}\\{name} {last.name}")
    if troubles or mistakes:
        text += _connector(last, TRUSTING, FRONT, 2626, "{10.0.0.0/16}", "ExternalAuthoritative", "ExchangeServers")
        key = f"{last.name}\\{TRUSTING}"
        for name in ("config-external-authoritative-wide", "config-range-overlap"):
            world.plant(name, last.name, key)
        world.plant("config-wildcard-accepted-domain", None, None)
    place = folder / "Configuration"
    place.mkdir()
    if mistakes:
        _write_sites(world, folder)
    (place / "receive-connectors.txt").write_text(text, encoding="utf-8", newline="\r\n")
    sources = ", ".join(server.name for server in servers)
    out = "\n"
    for name, space in ((INTERNET_CONNECTOR, "SMTP:*;1"), (PARTNER_CONNECTOR, "SMTP:fabrikam.com;1")):
        out += _listing(
            Identity=name, Name=name, Enabled="True", AddressSpaces="{" + space + "}", SmartHosts="{}",
            DNSRoutingEnabled="True", SourceTransportServers="{" + sources + "}", Port="25",
            ProtocolLoggingLevel="Verbose",
        )  # fmt: skip
    for row in SEND_CONNECTORS if mistakes else ():
        values = {**row, "SourceTransportServers": row["SourceTransportServers"] or "{" + sources + "}"}
        out += _listing(
            Identity=row["Name"],
            Enabled="True",
            DNSRoutingEnabled="False",
            Port="25",
            ProtocolLoggingLevel="Verbose",
            **values,
        )
    (place / "send-connectors.txt").write_text(out, encoding="utf-8", newline="\r\n")
    domains = [("Contoso", INTERNAL, "Authoritative", "True")]
    if troubles or mistakes:
        domains.append(("All", "*", "ExternalRelay", "False"))
    listed = "".join(
        _listing(Name=name, DomainName=domain, DomainType=kind, Default=is_default)
        for name, domain, kind, is_default in domains
    )
    (place / "accepted-domains.txt").write_text("\n" + listed, encoding="utf-8", newline="\r\n")


def _made(world: World, server: Server, made: Connector) -> str:
    """Gives the export of a connector that is a mistake, and puts it into the truth."""
    name = f"{made.name} {server.name}"
    for rule in made.rules:
        world.plant(rule, server.name, f"{server.name}\\{name}")
    ranges = "{" + made.ranges + "}"
    return _connector(server, name, made.role, made.port, ranges, made.mechanisms, made.groups, made.more)


def _write_sites(world: World, folder: Path) -> None:
    """Writes in which site each server is, as Get-ExchangeServer tells it, and a `tracelens.toml` that names the gateway."""
    text = "\n"
    for number, server in enumerate(world.estate.servers):
        site = f"{INTERNAL}/Configuration/Sites/{SITES[number % len(SITES)]}"
        text += _listing(
            Name=server.name,
            Fqdn=server.fqdn,
            ServerRole="Mailbox",
            Site=site,
            AdminDisplayVersion="Version 15.2 (Build 1748.10)",
        )
    (folder / "Configuration" / "exchange-servers.txt").write_text(text, encoding="utf-8", newline="\r\n")
    (folder / "tracelens.toml").write_text(
        f'[[inventory]]\nnetwork = "{GATEWAY}"\nrole = "gateway"\n', encoding="utf-8"
    )


def _connectors(server: Server, relay_ranges: str, changed: dict[str, tuple[dict[str, str], tuple[str, ...]]]) -> str:
    """Gives the six connectors of a server. Source: signatures.md 3.3, default connectors."""
    name, legacy = server.name, "ExchangeServers, ExchangeLegacyServers"
    more = {kind: values for kind, (values, _) in changed.items()}
    return (
        _connector(server, f"Default {name}", HUB, 2525, EVERYBODY, f"{USERS}, ExchangeServer", f"{legacy}, ExchangeUsers", more.get("Default"))
        + _connector(server, f"Client Proxy {name}", HUB, 465, EVERYBODY, f"{USERS}, ExchangeServer", f"{legacy}, ExchangeUsers")
        + _connector(server, f"Default Frontend {name}", FRONT, 25, EVERYBODY, f"{USERS}, ExchangeServer", f"AnonymousUsers, {legacy}", more.get("Default Frontend"))
        + _connector(server, f"Outbound Proxy Frontend {name}", FRONT, 717, EVERYBODY, "Tls, ExchangeServer", "ExchangeServers")
        + _connector(server, f"Client Frontend {name}", FRONT, 587, EVERYBODY, USERS, "ExchangeUsers", more.get("Client Frontend"))
        + _connector(server, f"Relay {name}", FRONT, 25, relay_ranges, "Tls", "AnonymousUsers, Custom")
    )  # fmt: skip


def _connector(
    server: Server,
    name: str,
    role: str,
    port: int,
    ranges: str,
    mechanisms: str,
    groups: str,
    more: dict[str, str] | None = None,
) -> str:
    values = {
        "Identity": f"{server.name}\\{name}", "Name": name, "Server": server.name, "Enabled": "True", "TransportRole": role,
        "Bindings": f"{{[::]:{port}, 0.0.0.0:{port}}}", "RemoteIPRanges": ranges, "AuthMechanism": mechanisms,
        "PermissionGroups": groups, "ProtocolLoggingLevel": "Verbose", "RequireTLS": "False", "TarpitInterval": "00:00:05",
        "MaxMessageSize": "36 MB (37,748,736 bytes)", "WhenChangedUTC": "1/5/2026 9:14:11 AM",
    }  # fmt: skip
    return _listing(**{**values, **(more or {})})


def _listing(**values: str) -> str:
    return "".join(f"{name:<24} : {value}\n" for name, value in values.items()) + "\n"
