"""The configuration of the made-up estate, as Format-List text: what the logs agree with, but for planted mistakes."""

from __future__ import annotations

from pathlib import Path

from tracelens.simulate.estate import DEVICES, INTERNAL, INTERNET_CONNECTOR, PARTNER_CONNECTOR, Server
from tracelens.simulate.world import World

EVERYBODY = "{::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 0.0.0.0-255.255.255.255}"
USERS = "Tls, Integrated, BasicAuth, BasicAuthRequireTLS"
FRONT, HUB = "FrontendTransport", "HubTransport"
TRUSTING = "Partner Link"


def write_exports(world: World, folder: Path, troubles: bool) -> None:
    """Writes the exports of connectors and domains; with troubles, two wrong ranges and a wildcard domain."""
    servers = world.estate.servers
    text, first, last = "\n", servers[0], servers[-1]
    for server in servers:
        ranges = ", ".join(device.ip for device in DEVICES)
        if troubles and server is first:
            ranges = "10.0.20.0/24"
        text += _connectors(server, "{" + ranges + "}")
    if troubles:
        text += _connector(last, TRUSTING, FRONT, 2626, "{10.0.0.0/16}", "ExternalAuthoritative", "ExchangeServers")
        key = f"{last.name}\\{TRUSTING}"
        for name in ("config-external-authoritative-wide", "config-range-overlap"):
            world.plant(name, last.name, key)
        world.plant("config-wildcard-accepted-domain", None, None)
    place = folder / "Configuration"
    place.mkdir()
    (place / "receive-connectors.txt").write_text(text, encoding="utf-8", newline="\r\n")
    sources = ", ".join(server.name for server in servers)
    out = "\n"
    for name, space in ((INTERNET_CONNECTOR, "SMTP:*;1"), (PARTNER_CONNECTOR, "SMTP:fabrikam.com;1")):
        out += _listing(
            Identity=name, Name=name, Enabled="True", AddressSpaces="{" + space + "}", SmartHosts="{}",
            DNSRoutingEnabled="True", SourceTransportServers="{" + sources + "}", Port="25",
            ProtocolLoggingLevel="Verbose",
        )  # fmt: skip
    (place / "send-connectors.txt").write_text(out, encoding="utf-8", newline="\r\n")
    domains = [("Contoso", INTERNAL, "Authoritative", "True")]
    if troubles:
        domains.append(("All", "*", "ExternalRelay", "False"))
    listed = "".join(
        _listing(Name=name, DomainName=domain, DomainType=kind, Default=is_default)
        for name, domain, kind, is_default in domains
    )
    (place / "accepted-domains.txt").write_text("\n" + listed, encoding="utf-8", newline="\r\n")


def _connectors(server: Server, relay_ranges: str) -> str:
    """Gives the six connectors of a server. Source: signatures.md 3.3, default connectors."""
    name, legacy = server.name, "ExchangeServers, ExchangeLegacyServers"
    return (
        _connector(server, f"Default {name}", HUB, 2525, EVERYBODY, f"{USERS}, ExchangeServer", f"{legacy}, ExchangeUsers")
        + _connector(server, f"Client Proxy {name}", HUB, 465, EVERYBODY, f"{USERS}, ExchangeServer", f"{legacy}, ExchangeUsers")
        + _connector(server, f"Default Frontend {name}", FRONT, 25, EVERYBODY, f"{USERS}, ExchangeServer", f"AnonymousUsers, {legacy}")
        + _connector(server, f"Outbound Proxy Frontend {name}", FRONT, 717, EVERYBODY, "Tls, ExchangeServer", "ExchangeServers")
        + _connector(server, f"Client Frontend {name}", FRONT, 587, EVERYBODY, USERS, "ExchangeUsers")
        + _connector(server, f"Relay {name}", FRONT, 25, relay_ranges, "Tls", "AnonymousUsers, Custom")
    )  # fmt: skip


def _connector(server: Server, name: str, role: str, port: int, ranges: str, mechanisms: str, groups: str) -> str:
    return _listing(
        Identity=f"{server.name}\\{name}", Name=name, Server=server.name, Enabled="True", TransportRole=role,
        Bindings=f"{{[::]:{port}, 0.0.0.0:{port}}}", RemoteIPRanges=ranges, AuthMechanism=mechanisms,
        PermissionGroups=groups, ProtocolLoggingLevel="Verbose", RequireTLS="False", TarpitInterval="00:00:05",
        MaxMessageSize="36 MB (37,748,736 bytes)", WhenChangedUTC="1/5/2026 9:14:11 AM",
    )  # fmt: skip


def _listing(**values: str) -> str:
    return "".join(f"{name:<24} : {value}\n" for name, value in values.items()) + "\n"
