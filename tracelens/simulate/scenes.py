"""Troubles of one day that show in conversations, as data: who talks to which port, what is said, how often.

Each is played by `stage`; its name is the rule that must find it. What rights, certificates and proxies leave in a log:
formats.md 1.4 and 1.5.
"""

from __future__ import annotations

from tracelens.simulate.stage import Act, Scene

OFFER = "SIZE PIPELINING DSN 8BITMIME"
RIGHTS = "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders"
SERVER_PROOF = ("X-EXPS EXCHANGEAUTH SHA256", "235 <authentication response>")
FAILED_LOGON = (
    "< AUTH LOGIN", "> 334 <authentication response>", "* Inbound AUTH LOGIN failed because of LogonDenied|",
    "> 535 5.7.3 Authentication unsuccessful",
)  # fmt: skip
UNREACHABLE = (
    "! attempting to connect|",
    "! Failed to connect. Winsock error code: 10060, Win32 error code: 10060, Destination domain: {ip}, Error Message: A"
    " connection attempt failed because the connected party did not properly respond after a period of time {ip}:25|",
)


def hello(name: str = "host.example.org", offer: str = OFFER) -> tuple[str, ...]:
    """Gives a client's greeting and what it is offered."""
    return (f"< EHLO {name}", f"> 250  {{server}} Hello [{{ip}}] {offer}")


def mail(sender: str, *recipients: str, refusal: str = "", is_taken: bool = True) -> tuple[str, ...]:
    """Gives the envelope of a message, and its body unless every recipient is refused."""
    lines = [f"< MAIL FROM:<{sender}>", "> 250 2.1.0 Sender OK"]
    for recipient in recipients:
        lines += [f"< RCPT TO:<{recipient}>", f"> {refusal or '250 2.1.5 Recipient OK'}"]
    if refusal or not is_taken:
        return (*lines, "< RSET", "> 250 2.0.0 Resetting")
    return (
        *lines, "< DATA", "> 354 Start mail input; end with <CRLF>.<CRLF>",
        "> 250 2.6.0 Queued mail for delivery",
    )  # fmt: skip


def logon(account: str) -> tuple[str, ...]:
    """Gives a logon that is let in."""
    return (
        "< AUTH LOGIN", "> 334 <authentication response>", f"* authenticated|CONTOSO\\{account}",
        "> 235 <authentication response>",
    )  # fmt: skip


def failed_logon(account: str) -> tuple[str, ...]:
    """Gives a logon that is turned away."""
    return (*FAILED_LOGON[:3], f"* User Name: {account}|", FAILED_LOGON[3])


def turned(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Gives what a server says where the lines have what it hears, and the reverse."""
    return tuple({"<": ">", ">": "<"}.get(line[0], line[0]) + line[1:] for line in lines)


def tls(cipher: str = "CALG_AES_256", side: str = "SERVER") -> tuple[str, ...]:
    """Gives the rows of an encrypted start."""
    bits = 128 if cipher == "CALG_RC4" else 256
    return (
        "< STARTTLS", "> 220 2.0.0 SMTP server ready",
        f"* TLS protocol SP_PROT_TLS1_2_{side} negotiation succeeded using bulk encryption algorithm {cipher} with"
        f" strength {bits} bits, MAC hash algorithm CALG_SHA_384 with strength 384 bits and key exchange algorithm"
        " CALG_ECDH_EPHEM with strength 384 bits|",
    )  # fmt: skip


def certificate(number: str, end: str) -> tuple[str, ...]:
    """Gives the row of a certificate that the server shows."""
    data = f" CN=mail CN=mail {number * 32} {number * 40} 2025-01-07T08:00:00.000Z {end} mail;mail.contoso.com"
    parts = "Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"
    return (f"* Sending certificate {parts}|{data}",)


def between_servers(helo: str, *recipients: str, proof: bool = True) -> tuple[str, ...]:
    """Gives what a sending server says to another, and what it is answered."""
    shown = ("< X-EXPS EXCHANGEAUTH SHA256", "> 235 <authentication response>") if proof else ()
    return (
        f"< EHLO {helo}",
        "> 250  server.contoso.com Hello SIZE X-EXPS",
        *shown,
        *mail("anna.berg@contoso.com", *recipients),
    )


BYE = ("< QUIT", "> 221 2.0.0 Service closing transmission channel")
INSIDE = "chloe.diaz@contoso.com"
UNKNOWN = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
PRX = "451 4.7.0 Temporary server error. Please try again later. PRX4"
CLIENT, HUB = "Client Frontend {name}", "Default {name}"

LOGONS = (
    Scene("auth-bot-ehlo", (Act((*hello("ylmf-pc"), *failed_logon("test")), "192.0.2.60", count=3),)),
    Scene("auth-failed", (Act((*hello("pc-77"), *failed_logon("chloe.diaz"), *BYE), "10.0.40.10", CLIENT, port=587),)),
    Scene("auth-distributed", (
        Act((*hello("user-{n}"), *failed_logon("dmitri.ek")), "192.0.2.1{n}", CLIENT, port=587, count=10),
        Act((*hello("user-x"), *failed_logon("dmitri.ek")), "198.51.100.1{n}", CLIENT, port=587, count=3)), peer="", connector=""),
    Scene("auth-from-internet", (
        Act((*hello("laptop.example.net"), *logon("elif.fischer"), *BYE), "192.0.2.61", "Partner Frontend {name}"),)),
    Scene("auth-impossible-usage", (
        Act((*hello("phone"), *logon("farid.gomez"), *BYE), "192.0.2.62", CLIENT, port=587),
        Act((*hello("phone"), *logon("farid.gomez"), *BYE), "203.0.113.62", CLIENT, port=587)), peer="", connector=""),
    Scene("auth-privileged-session", (
        Act((*hello("app01.contoso.com"), *logon("svc-app"), f"* Set Session Permissions|{RIGHTS} SMTPAcceptAuthenticationFlag BypassAntiSpam",
             *mail("app@contoso.com", INSIDE), *BYE), "10.0.40.11", "App Servers {name}", port=587),)),
    Scene("auth-stale-credential", (
        Act((*hello("meter-3"), *failed_logon("svc-meter")), "10.0.40.12", CLIENT, port=587, count=12),)),
    Scene("auth-success-after-failures", (
        Act((*hello("host"), *failed_logon("grace.haddad")), "192.0.2.63", CLIENT, port=587, count=6),
        Act((*hello("host"), *logon("grace.haddad"), *BYE), "192.0.2.63", CLIENT, port=587))),
    Scene("proxy-client-587-465-failed", (
        Act((*hello("pc-31"), *logon("hugo.ito")[:3], f"> {PRX}"), "10.0.40.13", CLIENT, port=587, count=3),)),
)  # fmt: skip

STRANGERS = (
    Scene("behaviour-backscatter-inbound", (
        Act((*hello("mx{n}.example.net"), *(mail("", INSIDE, is_taken=False) * 4), *BYE), "192.0.2.7{n}", count=9),), peer=""),
    Scene("behaviour-ehlo-anomaly", (Act((*hello("name{n}.example.net"), *BYE), "192.0.2.64", count=6),)),
    Scene("behaviour-ehlo-own-name", (Act((*hello("contoso.com"), *BYE), "192.0.2.65", count=4),)),
    Scene("behaviour-enumeration", (
        Act((*hello("host.example.net"), *mail("office@example.net", *(f"{name}{number}@contoso.com" for name in ("info", "hr", "it")
             for number in range(8)), refusal=UNKNOWN), *BYE), "192.0.2.66"),)),
    Scene("behaviour-null-session-abuse", (Act((*hello("idle.example.net"), *BYE), "192.0.2.67", count=55, every_s=9),)),
    Scene("behaviour-scanner", (Act((*hello("probe.example.org"), *BYE), "192.0.2.68"),), peer=""),
    Scene("dir-recipient-not-found", (
        Act((*hello("mx.example.net"), *mail("office@example.net", "IMCEAEX-_O=CONTOSO_OU=FIRST_CN=GONE@contoso.com", refusal=UNKNOWN),
             *BYE), "192.0.2.69"),), peer="", connector=""),
    Scene("relay-probe-own-domain", (
        Act((*hello("mailer.example.net"), *mail("ceo@contoso.com", INSIDE, is_taken=False), *BYE), "192.0.2.80", count=6),)),
    Scene("topo-internal-port-foreign", (
        Act((*hello("scan.example.net"), *BYE), "192.0.2.81", "Outbound Proxy Frontend {name}", port=717),)),
    Scene("tls-weak-cipher", (
        Act((*hello("old.example.net", f"{OFFER} STARTTLS"), *tls("CALG_RC4"), *hello("old.example.net"), *BYE), "192.0.2.82"),)),
    Scene("tls-downgrade-drop", (
        Act((*hello("mx.example.org", f"{OFFER} STARTTLS"), *tls(), *hello("mx.example.org"), *mail("office@example.org", INSIDE), *BYE),
            "192.0.2.83", count=22),
        Act((*hello("mx.example.org", f"{OFFER} STARTTLS"), *mail("office@example.org", INSIDE), *BYE), "192.0.2.83", count=11))),
    Scene("tls-starttls-not-offered", (
        Act((*hello("mx.example.com", f"{OFFER} STARTTLS"), *BYE), "192.0.2.84", "Partners {name}", count=11),
        Act((*hello("mx.example.com"), *BYE), "192.0.2.84", "Partners {name}", count=11)), peer=""),
    Scene("tls-cert-expired", (
        Act((*hello("mx.example.com", f"{OFFER} STARTTLS"), "< STARTTLS", "> 220 2.0.0 SMTP server ready", *certificate("E", "{soon}"), *BYE),
            "192.0.2.85", "Suppliers {name}"),), peer="", connector=""),
    Scene("tls-cert-changed", (
        Act((*hello("mx.example.com", f"{OFFER} STARTTLS"), "< STARTTLS", "> 220 2.0.0 SMTP server ready",
             *certificate("A", "2030-01-07T08:00:00.000Z"), *BYE), "192.0.2.86", "Customers {name}"),
        Act((*hello("mx.example.com", f"{OFFER} STARTTLS"), "< STARTTLS", "> 220 2.0.0 SMTP server ready",
             *certificate("B", "2030-01-07T08:00:00.000Z"), *BYE), "192.0.2.86", "Customers {name}")), peer=""),
)  # fmt: skip

MACHINES = (
    Scene("relay-externally-secured", (
        Act((*hello("app02"), f"* Set Session Permissions|{RIGHTS} SMTPAcceptAuthenticationFlag BypassAntiSpam", *mail("app2@contoso.com", INSIDE), *BYE),
            "10.0.40.14", "Trusted {name}"),), peer=""),
    Scene("relay-permission-anonymous", (
        Act((*hello("app03"), f"* Set Session Permissions|{RIGHTS} SMTPAcceptAnyRecipient", *mail("app3@contoso.com", INSIDE), *BYE),
            "10.0.40.15", "Open {name}"),), peer=""),
    Scene("relay-inventory-device", (Act((*hello("door-1"), *mail("door1@contoso.com", INSIDE), *BYE), "10.0.40.16", "Relay {name}"),)),
    Scene("relay-success-external", (Act((*hello("erp02"), *mail("erp2@contoso.com", "office@example.net"), *BYE), "10.0.40.17"),)),
    Scene("relay-source-nat-masking", (
        Act((*hello("branch-{n}.contoso.com"), *mail("branch{n}@contoso.com", INSIDE), *BYE), "10.0.40.18", "Branch {name}", count=22),)),
    Scene("topo-client-on-2525", (
        Act((*hello("app04"), *mail("app4@contoso.com", INSIDE), *BYE), "10.0.40.19", HUB, "hub", 2525),)),
    Scene("topo-client-on-465", (
        Act((*hello("pc-44"), "< AUTH", "> 500 5.3.3 Unrecognized command"), "10.0.40.20", "Client Proxy {name}", "hub", 465, count=6),)),
    Scene("proxy-hub-connector-on-25", (
        Act((*hello("app05"), *mail("app5@contoso.com", INSIDE), *BYE), "10.0.40.21", "Apps {name}", "hub", 25),), peer=""),
    Scene("noise-probe-failed", (
        Act((*hello("{server}"), *mail("inboundproxy@contoso.com", "HealthMailbox0123456789abcdef@contoso.com",
             refusal="451 4.7.0 Temporary server error. Please try again later. PRX5"), *BYE), "127.0.0.1", count=3, ends="Local"),), peer=""),
    Scene("proxy-accepted-not-tracked", (
        Act((*hello("mx.example.net"), *mail("office@example.net", INSIDE)[:-1],
             "> 250 2.6.0 <lost-{n}@example.net> [InternalId=777{n}, Hostname={other}] Queued mail for delivery", *BYE), "192.0.2.87", count=3),),
          peer="", connector="", server="{other_name}"),
)  # fmt: skip

SERVERS = (
    Scene("topo-server-on-custom-connector", (
        Act(between_servers("{other}", INSIDE), "{other_ip}", "Relay {name}"),)),
    Scene("tls-none-internal", (
        Act(between_servers("{other}", INSIDE), "{other_ip}", HUB, "hub", 2525),)),
    Scene("topo-frontend-to-frontend", (
        Act(turned(between_servers("{server}", INSIDE, proof=False)), "{other_ip}", "Inbound Proxy Internal Send Connector", "frontend", 25, "send",
            mirror=("frontend", "Default Frontend {other_name}")),)),
    Scene("topo-legacy-mixed-port", (
        Act(turned(between_servers("{server}", INSIDE)), "10.0.10.90", "Intra-Organization SMTP Send Connector", "hub", 25, "send", 2),)),
    Scene("topo-frontend-to-delivery", (
        Act(turned(between_servers("{server}", INSIDE)), "{other_ip}", "Inbound Proxy Internal Send Connector", "frontend", 475, "send"),)),
    Scene("topo-mbx-to-frontend", (
        Act(turned(between_servers("{server}", INSIDE)), "{other_ip}", "Intra-Organization SMTP Send Connector", "submission", 25, "send"),)),
    Scene("proxy-backend-reset", (
        Act((*turned(between_servers("{server}", INSIDE))[:4], "< 421 4.4.2 Connection dropped due to ConnectionReset"), "{other_ip}",
            "Intra-Organization SMTP Send Connector", "hub", 475, "send", 3),), connector=""),
    Scene("proxy-outbound-717-unreachable", (
        Act(UNREACHABLE, "{other_ip}", "To Fabrikam", "hub", 717, "send", 4),)),
    Scene("routing-remote-unreachable", (Act(UNREACHABLE, "203.0.113.8{n}", "Internet Mail", "hub", 25, "send", 4),), peer="", connector=""),
    Scene("routing-remote-4xx", (
        Act((*turned(("< EHLO {server}", "> 250 mx.example.org PIPELINING", *mail("anna.berg@contoso.com", "office@example.org",
             refusal="451 4.3.0 Try again later"))), ), "203.0.113.90", "Internet Mail", "hub", 25, "send", 3),), peer="", connector=""),
    Scene("topo-outbound-via-fe-with-edge", (
        Act(turned(between_servers("{server}", "office@example.org")), "203.0.113.91", "EdgeSync - Default-First-Site-Name to Internet", "hub", 25, "send"),
        Act(turned(("< EHLO {server}", "> 250 mx.example.org PIPELINING", *mail("anna.berg@contoso.com", "office@example.org"))), "203.0.113.92",
            "Side Door", "frontend", 25, "send", 4)), peer="", connector="", server=""),
    Scene("proxy-unbalanced", (
        Act((*between_servers("{other}")[:4], *BYE), "{other_ip}", "Client Proxy {name}", "hub", 465, count=400, every_s=2),), peer="", connector=""),
)  # fmt: skip

SCENES = (*LOGONS, *STRANGERS, *MACHINES, *SERVERS)
