"""Mistakes of a configuration, as data: connectors that ought not be as they are, and the sessions that show what they do.

Default properties of connectors: signatures.md 3.3; what is wrong with each: 1.7 and 1.8.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tracelens.simulate.scenes import BYE, INSIDE, hello, mail, turned
from tracelens.simulate.stage import Act, Scene

FRONT, HUB = "FrontendTransport", "HubTransport"
GATEWAY = "192.0.2.30"
SITES = ("Berlin", "Oslo")


@dataclass(frozen=True)
class Connector:
    """A Receive connector that an administrator made.

    Attributes:
        name: Name without the server's, which follows.
        ranges: RemoteIPRanges.
        rules: Rules that must find it.
        more: Further properties, in place of the usual ones.
    """

    name: str
    ranges: str
    rules: tuple[str, ...] = ()
    port: int = 25
    role: str = FRONT
    mechanisms: str = "Tls"
    groups: str = "AnonymousUsers"
    more: dict[str, str] = field(default_factory=dict)


CONNECTORS = (
    Connector("Printers", "10.0.60.0/24", ("config-range-one-address",)),
    Connector("Twin A", "10.0.61.0/24", ("config-duplicate-binding",), 2600),
    Connector("Twin B", "10.0.61.0/24", (), 2600),
    Connector("Left", "10.0.62.1-10.0.62.100", ("config-range-partial-overlap",)),
    Connector("Right", "10.0.62.50-10.0.62.200"),
    Connector("Inner", "10.0.63.8/29", ("config-range-nested",)),
    Connector("Outer", "10.0.63.0/24"),
    Connector("Hub Apps", "10.0.64.0/24", ("config-hub-role-on-25",), role=HUB),
    Connector("Basic", "10.0.65.0/24", ("config-basic-without-tls",), mechanisms="Tls, BasicAuth", groups="ExchangeUsers"),
    Connector("Many", ", ".join(f"10.66.{number // 250}.{number % 250 + 1}" for number in range(1_250)), ("config-ip-range-limit",)),
    Connector("Wide", "172.16.0.0/12", ("config-anon-any-recipient-wide",), groups="AnonymousUsers, Custom"),
    Connector("Silent", "10.0.67.0/24", ("config-protocol-logging-off",), more={"ProtocolLoggingLevel": "None"}),
    Connector("Trust", "10.0.69.5", ("config-external-authoritative-strangers",), mechanisms="Tls, ExternalAuthoritative",
              groups="ExchangeServers"),
)  # fmt: skip
UNUSED = Connector("Unused", "10.0.68.0/24", ("config-range-unused",))

CHANGED: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "Default Frontend": (
        {"PermissionGroups": "AnonymousUsers, Custom, ExchangeServers, ExchangeLegacyServers", "BareLinefeedRejectionEnabled": "False"},
        ("config-default-frontend-modified", "config-bare-lf-accepted"),
    ),
    "Default": ({"AuthMechanism": "Tls, Integrated, BasicAuth, BasicAuthRequireTLS"}, ("config-exchangeserver-auth-missing",)),
    "Client Frontend": ({"MaxLogonFailures": "0"}, ("config-limits-raised",)),
}  # fmt: skip
"""What is changed at default connectors of the last server, and the rules that must find it."""

SEND_CONNECTORS = (
    {"Name": "Branch Mail", "AddressSpaces": "{SMTP:branch.example;1}", "SmartHosts": "{}", "SourceTransportServers": "{EX01}"},
    {"Name": "Gateway", "AddressSpaces": "{SMTP:*;5}", "SmartHosts": "{[192.0.2.53]}", "SourceTransportServers": ""},
)  # fmt: skip


def _sent(*lines: str) -> tuple[str, ...]:
    return turned(("< EHLO {server}", "> 250 mx.example.org PIPELINING", *lines))


def scenes(first: str, last: str) -> tuple[Scene, ...]:
    """Gives the sessions that the mistakes lead to; the connectors that are wrong are the last server's."""
    return (
        Scene("topo-wrong-connector", (
            Act((*hello("label-9"), *mail("label9@contoso.com", INSIDE), *BYE), "10.0.60.7", count=4),), on=last),
        Scene("", (Act((*hello("label-8"), *mail("label8@contoso.com", INSIDE), *BYE), "10.0.60.7", "Printers {name}", count=2),), on=last),
        Scene("", (Act((*hello("app9"), *mail("app9@contoso.com", INSIDE), *BYE), "10.0.69.5", "Trust {name}", count=2),), on=last),
        Scene("topo-exit-no-source", (
            Act(_sent(*mail("anna.berg@contoso.com", "office@branch.example")), "203.0.113.70", "Branch Mail", "hub", 25, "send", 2),),
              peer="", on=last),
        Scene("topo-bypass-gateway-out", (
            Act(_sent(*mail("anna.berg@contoso.com", "office@shop{n}.example")), "203.0.113.71", "Internet Mail", "hub", 25, "send", 12),),
              peer="", on=last),
        Scene("topo-bypass-gateway-in", (
            Act((*hello("gateway.example.com"), *mail("office@example.com", INSIDE), *BYE), GATEWAY, count=3),
            Act((*hello("mx.example.net"), *mail("office@example.net", INSIDE), *BYE), "192.0.2.90", count=12),), peer="", connector="", server="",
            on=first),
        Scene("topo-cross-site-proxy", (
            Act(_sent(*mail("office@example.net", INSIDE)), "{own}", "Inbound Proxy Internal Send Connector", "frontend", 2525, "send", 2),
            Act(_sent(*mail("office@example.net", INSIDE)), "{other_ip}", "Inbound Proxy Internal Send Connector", "frontend", 2525, "send", 24)),
              peer="", connector="", server="", on=first),
    )  # fmt: skip
