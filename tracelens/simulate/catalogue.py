"""Troubles that are told by one text or a few commands, as data: what is said, where, how often.

Each is planted at an address and a time of its own by `plants`; its name is the rule that must find it. The texts are
those that servers write, see signatures.md 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plant:
    """One kind of trouble.

    Attributes:
        rule: Rule that must find it.
        how: `answer`: a front end answers a client so; `note`: it writes so in its log; `told`: a tracking row says so;
            `peer`: a system outside answers a hub so; `peer note`: the hub writes so; `typed`: a client types so.
        text: The reply, the context of a log row or the recipient-status.
        step: Where: after connect, login, mail, rcpt, body or starttls; of a tracking row its `EVENT/SOURCE`;
            cut: the server ends what a client types.
        count: How often.
        every_s: Seconds between two.
        lines: What a client types, each command with the answer it gets; without a command an answer or, for `*`, what
            the server notes.
    """

    rule: str
    how: str
    text: str = ""
    step: str = "rcpt"
    count: int = 3
    every_s: int = 40
    lines: tuple[tuple[str, str], ...] = ()


UNKNOWN_COMMAND = "500 5.3.3 Unrecognized command"
DENIED = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
SENDER_OK = "250 2.1.0 Sender OK"
HELLO = ("EHLO host.example.org", "250 EX.contoso.com Hello SIZE PIPELINING DSN 8BITMIME")
BYE = ("QUIT", "221 2.0.0 Service closing transmission channel")
BAD_SEQUENCE = "503 5.5.2 Need mail command"

PLANTS = (
    Plant("auth-unsupported-mechanism", "answer", "504 5.7.4 Unrecognized authentication type", "login", 12),
    Plant("cap-conn-per-source", "answer", "421 4.3.2 The maximum number of concurrent server connections has exceeded"
          " a per-source limit, closing transmission channel", "connect"),
    Plant("cap-conn-total", "answer", "421 4.3.2 The maximum number of concurrent server connections has exceeded a"
          " limit, closing transmission channel", "connect"),
    Plant("cap-message-rate", "answer", "421 4.4.2 Message submission rate for this client has exceeded the configured"
          " limit", "mail"),
    Plant("cap-message-size", "answer", "552 5.3.4 Message size exceeds fixed maximum message size", "mail", 6),
    Plant("cap-too-many-recipients", "answer", "452 4.5.3 Too many recipients", "rcpt"),
    Plant("proxy-system-not-accepting", "answer", "421 4.3.2 System not accepting network messages", "connect"),
    Plant("proxy-service-not-active", "answer", "421 4.3.2 Service not active", "mail"),
    Plant("prx-connector-or-tls-policy", "answer",
          "451 4.7.0 Temporary server error. Please try again later. PRX5", "body"),
    Plant("prx-protocol", "answer", "451 4.7.0 Temporary server error. Please try again later. PRX4", "body"),
    Plant("relay-auth-required", "answer",
          "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "mail", 12),
    Plant("relay-send-as-denied", "answer",
          "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "body"),
    Plant("relay-reserved-domain-reject", "answer", "550 5.1.4 Recipient address reserved by RFC 2606", "rcpt"),
    Plant("spam-agent-reject", "answer", "554 5.1.0 Sender Denied", "mail"),
    Plant("tls-not-available", "answer", "454 4.7.0 TLS not available due to temporary reason", "starttls", 4),
    Plant("tls-socketerror", "note", "TLS negotiation failed with error SocketError", "starttls", 4),
    Plant("tls-unknowncredentials", "note", "TLS negotiation failed with error UnknownCredentials", "starttls"),
    Plant("bare-lf-send", "peer", "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeeds, which"
          " cannot be sent via DATA", "body"),
    Plant("auth-535-578", "peer", "535 5.7.8 Authentication credentials invalid", "login"),
    Plant("auth-exo-smtp-auth-disabled", "peer", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is"
          " disabled for the Tenant", "login"),
    Plant("cap-connection-dropped", "peer", "421 4.4.2 Connection dropped due to TimedOut", "body"),
    Plant("dir-recipient-edge-block", "peer", "550 5.4.1 Recipient address rejected: Access denied"),
    Plant("exo-account-blocked", "peer", "550 5.1.8 Access denied, bad outbound sender", "mail"),
    Plant("exo-outdated-server", "peer", "450 4.7.230 Connecting Exchange server version is out-of-date; connection to"
          " Exchange Online throttled for 5 mins/hr", "mail"),
    Plant("exo-replication-busy", "peer", "451 4.4.24 Message failed to be replicated", "body"),
    Plant("hybrid-direct-send-rejected", "peer", "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this"
          " organization from unauthorized sources"),
    Plant("hybrid-exo-attr", "peer", "451 4.4.3 Temporary server error. Please try again later ATTR2", "mail"),
    Plant("journal-exo-rejected", "peer", "550 5.3.190 Journaling on-premises messages to Microsoft 365 or Office 365"
          " is not supported", "body"),
    Plant("prx-concurrency", "peer", "421 4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit PRX8", "mail"),
    Plant("prx-peer", "peer", "451 4.7.0 Temporary server error. Please try again later. PRX4", "body"),
    Plant("relay-blocked-allow-list", "peer", "550 5.7.1 Unable To Relay: Blocked by Customer Allow list"),
    Plant("relay-denied-exo-domain", "peer", "550 5.4.1 Relay Access Denied"),
    Plant("relay-denied-exo-tenant-attribution", "peer", "550 5.7.64 TenantAttribution; Relay Access Denied", "rcpt", 5),
    Plant("routing-next-hop-no-relay", "peer", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    Plant("routing-loop-config", "peer", "554 5.3.5 System incorrectly configured"),
    Plant("smtp-421-470", "peer", "421 4.7.0 Too many errors from this address", "mail"),
    Plant("tls-name-mismatch", "peer", "550 5.7.325 certificate-host-mismatch", "mail"),
    Plant("tls-dane-failure", "peer", "550 5.7.323 tlsa-invalid", "mail"),
    Plant("tls-security-status", "peer", "451 4.4.0 Security status InvalidToken", "mail", 6),
    Plant("tls-cert-untrusted-root", "peer", "450 4.4.317 Cannot connect to remote server [Message=UntrustedRoot]",
          "mail", 4),
    Plant("tls-starttls-required", "peer", "451 5.7.3 STARTTLS is required to send mail", "mail"),
    Plant("tls-send-cert-not-found", "peer", "454 4.7.5 The certificate specified in TlsCertificateName of the"
          " SendConnector could not be found", "starttls"),
    Plant("tls-negotiation-failed", "peer note", "TLS negotiation failed with error AlgorithmMismatch", "starttls", 4),
    Plant("agent-deferred", "told", "", "DEFER/AGENT"),
    Plant("agent-dropped", "told", "", "DROP/AGENT"),
    Plant("cap-mailbox-delivery-blocked", "told", "554 4.3.2 mailbox busy; STOREDRV.Deliver.Exception:"
          "StoragePermanentException.MapiExceptionMaxObjsExceeded", "FAIL/STOREDRIVER"),
    Plant("cap-mailbox-max-submission", "told", "554 5.2.0 STOREDRV.Deliver.Exception:MessageSubmissionExceeded"
          "Exception.MapiExceptionMaxSubmissionExceeded; Failed to process message", "FAIL/STOREDRIVER"),
    Plant("cap-recipient-limit", "told", "550 5.5.3 RESOLVER.ADR.RecipLimit; too many recipients", "FAIL/ROUTING"),
    Plant("cap-recipient-size", "told", "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
          "FAIL/ROUTING"),
    Plant("cap-submission-temp-disk", "told", "431 4.3.1 STOREDRV.Submit; disk is full", "DEFER/STOREDRIVER"),
    Plant("cap-mailbox-throttling", "told", "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded",
          "DEFER/STOREDRIVER"),
    Plant("delivery-corrupt-content", "told", "554 5.6.0 STOREDRV.Deliver; Corrupt message content",
          "FAIL/STOREDRIVER"),
    Plant("delivery-missing-mdb-properties", "told", "554 5.3.2 STOREDRV.Deliver: Missing or bad StoreDriver MDB"
          " properties", "FAIL/STOREDRIVER"),
    Plant("delivery-rule-folder-missing", "told", "folder not found", "DELIVERFAIL/STOREDRIVER"),
    Plant("delivery-store-offline", "told", "430 4.2.0 STOREDRV; mailbox logon failure", "DEFER/STOREDRIVER"),
    Plant("dir-ambiguous", "told", "550 5.1.4 RESOLVER.ADR.Ambiguous; ambiguous address", "FAIL/ROUTING"),
    Plant("dir-bad-object", "told", "550 5.2.0 RESOLVER.ADR.BadPrimary; recipient primary SMTP address is missing or"
          " invalid", "FAIL/ROUTING"),
    Plant("policy-not-authorized", "told", "550 5.7.124 RESOLVER.RST.NotAuthorized; not authorized", "FAIL/ROUTING"),
    Plant("policy-recipient-auth-required", "told", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup;"
          " authentication required", "FAIL/ROUTING"),
    Plant("proxy-exchange-auth-missing", "told", "451 5.7.3 Cannot achieve Exchange Server authentication",
          "DEFER/SMTP"),
    Plant("routing-dns-failed", "told", "451 4.4.0 DNS query failed", "DEFER/ROUTING"),
    Plant("routing-nonexistent-domain", "told", "554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain",
          "FAIL/ROUTING"),
    Plant("routing-edge-name", "told", "554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain edgesync - site1"
          " to internet", "DEFER/SMTP"),
    Plant("routing-mx-loopback", "told", "554 5.4.4 SMTPSEND.DNS.MxLoopback; DNS records for this domain are configured"
          " in a loop", "FAIL/SMTP"),
    Plant("routing-expired", "told", "550 4.4.7 QUEUE.Expired; message expired", "FAIL/QUEUE"),
    Plant("moderation-stuck", "told", "", "MODERATIONEXPIRE/APPROVAL"),
    Plant("poison-message", "told", "", "POISONMESSAGE/POISONMESSAGE"),
    Plant("safetynet-resubmit", "told", "", "RESUBMIT/SAFETYNET"),
    Plant("shadow-promotion", "told", "", "RESUBMIT/REDUNDANCY"),
    Plant("submission-deferred", "told", "", "SUBMITDEFER/STOREDRIVER"),
    Plant("bad-pickup", "told", "", "BADMAIL/PICKUP"),
    Plant("behaviour-vrfy-expn", "typed", lines=(
        ("VRFY root", "252 2.1.5 Cannot VRFY user"), ("VRFY admin", "252 2.1.5 Cannot VRFY user"),
        ("EXPN staff", UNKNOWN_COMMAND))),
    Plant("behaviour-http-on-smtp", "typed", lines=(
        ("GET / HTTP/1.1", UNKNOWN_COMMAND), ("Host: mail.contoso.com", UNKNOWN_COMMAND))),
    Plant("behaviour-smtp-garbage", "typed", lines=(
        ("HELLO", UNKNOWN_COMMAND), ("DATA", BAD_SEQUENCE), ("LIST", UNKNOWN_COMMAND), ("USER", UNKNOWN_COMMAND))),
    Plant("cap-protocol-errors", "typed", lines=tuple(
        (f"WORD{number}", UNKNOWN_COMMAND) for number in range(5)), count=2, step="cut"),
    Plant("proxy-internal-kerberos-failure", "answer", "454 4.7.0 Temporary authentication failure", "login"),
    Plant("proxy-dns-nic", "told", "451 4.4.0 DNS query failed", "DEFER/SMTP"),
    Plant("duplicate-delivery", "told", "", "DUPLICATEDELIVER/STOREDRIVER"),
    Plant("shadow-failed", "told", "", "HAREDIRECTFAIL/SMTP"),
    Plant("relay-probe-null-sender", "typed", lines=(
        HELLO, ("MAIL FROM:<>", SENDER_OK), ("RCPT TO:<relaytest@example.net>", DENIED), BYE)),
    Plant("relay-probe-sequence", "typed", lines=(HELLO, *(
        step for name in ("antispam", "spamtest", "user", "nobody")
        for step in ((f"MAIL FROM:<{name}@example.net>", SENDER_OK), ("RCPT TO:<relaytest@example.org>", DENIED),
                     ("RSET", "250 2.0.0 Resetting"))), BYE)),
    Plant("auth-basic-cleartext", "typed", lines=(
        HELLO, ("AUTH LOGIN", "334 <authentication response>"), ("*", "authenticated|CONTOSO\\meter1"),
        ("", "235 <authentication response>"), BYE)),
    Plant("auth-max-logon-failures", "typed", lines=(HELLO, *(
        step for _ in range(3) for step in (
            ("AUTH LOGIN", "334 <authentication response>"),
            ("*", "Inbound AUTH LOGIN failed because of LogonDenied|"), ("*", "User Name: backup|"),
            ("", "535 5.7.3 Authentication unsuccessful"))), ("", "421 4.7.0 Too many errors on this connection, closing"
            " transmission channel")), step="cut"),
    Plant("cap-tarpit", "typed", lines=(HELLO, ("*", "|Tarpit for '0.00:00:25'"), ("NOOP", "250 2.0.0 OK"), BYE)),
    Plant("proxy-slow-ack", "typed", lines=(
        HELLO, ("*", "Delivered|Tarpit for '0.00:00:25.639' due to 'DelayedAck'"), ("NOOP", "250 2.0.0 OK"), BYE)),
    Plant("tls-stripped-by-device", "typed", lines=(
        ("EHLO mx.example.org", "250 EX.contoso.com Hello XXXXXXXA SIZE PIPELINING"), BYE)),
    Plant("behaviour-smtp-smuggling", "typed", lines=(
        HELLO, ("MAIL FROM:<office@example.net>", SENDER_OK), ("RCPT TO:<anna.berg@contoso.com>", "250 2.1.5 Recipient OK"),
        ("DATA", "354 Start mail input; end with <CRLF>.<CRLF>"),
        ("", "250 2.6.0 <one@example.net> [InternalId=11, Hostname=EX.contoso.com] Queued mail for delivery"),
        ("", "250 2.6.0 <two@example.net> [InternalId=12, Hostname=EX.contoso.com] Queued mail for delivery"), BYE),
        count=1),
)  # fmt: skip
