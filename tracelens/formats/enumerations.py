"""Words of the numbers by which ConvertTo-Json writes enumerations; a number that is not known stays as it is.

Source: Microsoft Learn, ConvertTo-Json; names as in Set-ReceiveConnector, Set-SendConnector, Set-AcceptedDomain and
"Queue properties"; numbers as the types of Microsoft.Exchange.Data define them, those of queues as monitoring plug-ins
know them.
"""

from __future__ import annotations

LEVELS = dict(enumerate(("None", "Verbose")))
ROLES = {
    1: "ClientAccess", 2: "Mailbox", 4: "ClientAccess", 16: "UnifiedMessaging", 32: "HubTransport", 64: "Edge",
    16384: "FrontendTransport",
}  # fmt: skip
WORDS = {
    "protocol_logging_level": LEVELS,
    "intra_org_connector_protocol_logging_level": LEVELS,
    "domain_type": dict(enumerate(("Authoritative", "ExternalRelay", "InternalRelay"))),
    "tls_auth_level": {1: "EncryptionOnly", 2: "CertificateValidation", 4: "DomainValidation"},
    "transport_role": ROLES,
    "status": dict(enumerate(("None", "Active", "Ready", "Retry", "Suspended", "Connecting", "Throttled"))),
    "delivery_type": dict(
        enumerate(
            "Undefined DnsConnectorDelivery MapiDelivery NonSmtpGatewayDelivery SmartHostConnectorDelivery"
            " SmtpRelayToRemoteAdSite SmtpRelayToTiRg SmtpRelayWithinAdSite SmtpRelayWithinAdSiteToEdge Unreachable"
            " ShadowRedundancy Heartbeat DeliveryAgent SmtpDeliveryToMailbox SmtpRelayToDag"
            " SmtpRelayToMailboxDeliveryGroup SmtpRelayToConnectorSourceServers SmtpRelayToServers".split()
        )
    ),
}
FLAGS = {
    "auth_mechanism": (
        "Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative",
    ),
    "permission_groups": (
        "AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers", "Partners", "Custom",
    ),
}  # fmt: skip
"""Words of the bits, the lowest first."""


def worded(column: str, text: str) -> str | None:
    """Gives the words of a number in a column, several joined by commas; None for any other text."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    if column in FLAGS:
        names = [name for bit, name in enumerate(FLAGS[column]) if int(text) >> bit & 1]
        return None if int(text) >> len(FLAGS[column]) else ", ".join(names) or "None"
    return WORDS.get(column, {}).get(int(text))
