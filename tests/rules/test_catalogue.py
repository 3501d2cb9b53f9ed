"""The catalogue of what goes wrong (../shared/reference/signatures.md) stands in the signatures, or it is said why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracelens.classify import classify
from tracelens.errors import ConfigError
from tracelens.rulebook import Signature, load_signatures, status_codes

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "signatures.md"
needs_reference = pytest.mark.skipif(not REFERENCE.is_file(), reason="../shared/reference is not beside this checkout")
SIGNATURES = load_signatures()
SEND = ("smtp_send", "message_tracking")

COUNTED = "counts or compares sessions and messages: a rule"
COMMAND = "looks at what the client typed, not at an answer: a rule"
EVENT = "an event of message tracking or Windows, not a text: a rule"
NO_TEXT = "no text of it is publicly known"
ALL_SESSIONS = "the row stands in every session and tells only by comparison: a rule"
EXPORT = "read from a connector export or from coverage, not from a text"
NOT_A_TEXT = {
    "relay-success-external": COUNTED, "relay-open-to-internet": COUNTED, "relay-inventory-device": COUNTED,
    "relay-new-client": COUNTED, "relay-dormant-client": COUNTED, "relay-denied-then-allowed": COUNTED,
    "relay-source-nat-masking": COUNTED, "relay-permission-anonymous": ALL_SESSIONS,
    "relay-externally-secured": ALL_SESSIONS, "relay-probe-syntax": COMMAND, "relay-probe-sequence": COMMAND,
    "relay-probe-null-sender": COMMAND, "relay-probe-own-domain": COMMAND,
    "proxy-client-587-465-failed": COUNTED, "proxy-accepted-not-tracked": COUNTED, "proxy-unbalanced": COUNTED,
    "proxy-hub-connector-on-25": COUNTED,
    "tls-starttls-not-offered": ALL_SESSIONS, "tls-cert-changed": ALL_SESSIONS, "tls-none-internal": COUNTED,
    "tls-downgrade-drop": COUNTED, "tls-cloud-attribution-lost": ALL_SESSIONS,
    "auth-bruteforce": COUNTED, "auth-spray": COUNTED, "auth-distributed": COUNTED,
    "auth-success-after-failures": COUNTED, "auth-max-logon-failures": COUNTED, "auth-basic-cleartext": COMMAND,
    "auth-from-internet": COUNTED, "auth-impossible-usage": COUNTED, "auth-bot-ehlo": COMMAND,
    "auth-account-spam-run": COUNTED, "auth-privileged-session": ALL_SESSIONS,
    "cap-protocol-errors": COUNTED, "cap-header-too-large": NO_TEXT, "cap-queue-throughput": COUNTED,
    "cap-transport-rule-latency": EVENT,
    "routing-unreachable-queue": NO_TEXT, "delivery-rule-folder-missing": EVENT, "agent-slow-or-crash": EVENT,
    "shadow-promotion": EVENT, "safetynet-resubmit": EVENT, "duplicate-delivery": EVENT, "journal-loop": COUNTED,
    "moderation-stuck": EVENT, "edge-sync-trust": EVENT,
}  # fmt: skip


def rows(first: str, last: str) -> list[list[str]]:
    """Gives the cells of the table rows between two headings of the reference."""
    text = REFERENCE.read_text(encoding="utf-8")
    part = text[text.index(first) : text.index(last)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:2] == "| "]


def said(text: str, *logs: str) -> str | None:
    """Gives the id of the signature that names a text."""
    found = classify(text, SIGNATURES, logs)
    return found.id if found else None


@needs_reference
def test_every_row_of_the_catalogue_is_a_signature_or_it_is_said_why_not() -> None:
    ids = {row[0] for row in rows("### 1.1", "### 1.9") if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", row[0])}
    assert len(ids) > 130
    known = {signature.id for signature in SIGNATURES}
    without = {name for name in ids - known - NOT_A_TEXT.keys() if not name.startswith(("topo-", "config-"))}
    assert without == set()
    assert known & NOT_A_TEXT.keys() == set(), "a signature that is said to be none"
    assert NOT_A_TEXT.keys() - ids == set(), "a reason for a row that is not there"


@needs_reference
def test_grade_and_severity_are_among_those_the_catalogue_gives() -> None:
    given = {row[0]: row for row in rows("### 1.1", "### 1.7") if len(row) > 10}
    for signature in SIGNATURES:
        if row := given.get(signature.id):
            assert signature.severity in row[2] or signature.severity in row[7], signature.id
            assert signature.class_ == row[1], signature.id
            assert signature.grade in row[-1] or "RFC" in row[-1], signature.id


@needs_reference
def test_every_status_code_of_the_reference_is_known() -> None:
    held: set[str] = set().union(*(signature.codes for signature in SIGNATURES))
    for row in rows("## 2. Enhanced", "## 3. Permission"):
        if re.match(r"[45]\.\d", row[0]):
            for code in status_codes(row[0].replace("/", " ").replace("-", " ").replace(",", " ")):
                answer = f"{code[0]}50 {code} words nobody knows"
                found = classify(answer, SIGNATURES, SEND, unverified=True)
                assert found is not None and found.id != f"code-{code[0]}50", answer
                assert code in held or found.regex, code


@pytest.mark.parametrize(
    ("text", "signature_id", "logs"),
    [
        ("451 4.7.0 Temporary server error. Please try again later. PRX2", "prx-dns", ("smtp_receive",)),
        ("451 4.7.0 Temporary server error. Please try again later. PRX7", "prx-generic", ("smtp_receive",)),
        ("451 4.7.0 Temporary server error. Please try again later. PRX2", "prx-peer", ("smtp_send",)),
        ("450 4.7.0 Proxy session setup failed on Frontend with 'words'", "proxy-outbound-frontend-failed", SEND),
        ("454 4.7.0 Temporary authentication failure", "proxy-internal-kerberos-failure", ()),
        ("451 4.7.0 Timeout waiting for client input", "noise-client-timeout", ("smtp_receive",)),
        ("454 4.7.0 TLS not available due to temporary reason", "tls-not-available", ()),
        ("421 4.7.0 Too many errors", "smtp-421-470", SEND),
        ("451 4.7.0 words", "code-4.7.0", ()),
        ("421 4.3.2 Service not active", "proxy-service-not-active", ()),
        ("421 4.3.2 Service not available", "proxy-service-not-available", ()),
        ("421 4.3.2 System not accepting network messages", "proxy-system-not-accepting", ()),
        ("421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing "
         "transmission channel", "cap-conn-per-source", ()),
        ("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", "cap-mailbox-throttling", ()),
        ("432 4.3.2 STOREDRV.Deliver; dynamic mailbox database throttling limit exceeded", "cap-mailbox-throttling", ()),
        ("554 4.3.2 mailbox busy; STOREDRV.Deliver.Exception:StoragePermanentException.MapiExceptionMaxObjsExceeded",
         "cap-mailbox-delivery-blocked", ()),
        ("452 4.3.1 Insufficient system resources", "cap-back-pressure", ()),
        ("431 4.3.1 STOREDRV; disk is full", "cap-submission-temp-disk", ()),
        ("421 4.4.2 Connection dropped due to SocketError", "cap-connection-dropped", SEND),
        ("421 4.4.2 Connection dropped due to ConnectionReset", "proxy-backend-reset", SEND),
        ("421 4.4.2 Connection dropped due to timeout", "cap-connection-dropped", SEND),
        ("421 4.4.2 Message submission rate for this client has exceeded the configured limit", "cap-message-rate", ()),
        ("451 4.4.0 DNS query failed", "routing-dns-failed", SEND),
        ("451 4.4.0 Message failed to be made redundant", "shadow-failed", ()),
        ("451 4.4.0 Security status InvalidToken", "tls-security-status", SEND),
        ('451 4.4.0 Primary target IP address responded with: "550 5.1.1 User unknown" Attempted failover',
         "dir-recipient-not-found", SEND),
        ("550 5.7.1 Unable to relay", "relay-denied-non-accepted", ("smtp_receive",)),
        ("530 5.7.1 Client was not authenticated", "relay-auth-required", ("smtp_receive",)),
        ("550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", "policy-recipient-auth-required", ()),
        ("550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", "policy-not-authorized", ()),
        ("550 5.7.1 Your IP is on our block list", "spam-agent-reject", ("smtp_receive",)),
        ("550 5.7.1 Client does not have permissions to send as this sender", "relay-send-as-denied", ()),
        ("550 5.7.1 Refused by a rule of the house", "code-5.7.1", ()),
        ("535 5.7.3 Authentication unsuccessful", "auth-failed", ()),
        ("451 5.7.3 Cannot achieve Exchange Server authentication", "proxy-exchange-auth-missing", ()),
        ("550 5.7.3 Cannot achieve Exchange Server authentication", "proxy-exchange-auth-missing", ()),
        ("451 5.7.3 STARTTLS is required to send mail", "tls-starttls-required", ()),
        ("451 5.7.3 Must issue a STARTTLS command first", "tls-starttls-required", ()),
        ("550 5.4.1 Relay Access Denied", "relay-denied-exo-domain", SEND),
        ("550 5.4.1 Recipient address rejected: Access denied", "dir-recipient-edge-block", SEND),
        ("550 5.2.2 STOREDRV.Deliver: mailbox full", "delivery-mailbox-full", ()),
        ("550 5.2.2 Submission quota exceeded", "exo-account-blocked", ()),
        ("550 5.1.4 Recipient address reserved by RFC 2606", "relay-reserved-domain-reject", ("smtp_receive",)),
        ("550 5.1.4 RESOLVER.ADR.Ambiguous; ambiguous address", "dir-ambiguous", ()),
        ("550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found", "dir-recipient-not-found", ()),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
         "dir-recipient-not-found", ()),
    ],
)  # fmt: skip
def test_an_overloaded_code_is_told_apart_by_its_text(text: str, signature_id: str, logs: tuple[str, ...]) -> None:
    assert said(text, *logs) == signature_id


@pytest.mark.parametrize(
    ("older", "newer", "signature_id"),
    [
        ("550 5.7.1 Unable to relay", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
         "relay-denied-non-accepted"),
        ("530 5.7.1 Client was not authenticated",
         "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "relay-auth-required"),
        ("550 5.7.1 Client does not have permissions to send as this sender",
         "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "relay-send-as-denied"),
        ("421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel",
         "421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing "
         "transmission channel", "cap-conn-per-source"),
        ("452 4.3.1 Insufficient system resources", "452 4.3.1 Insufficient system resources (UsedDiskSpace[C:\\Q])",
         "cap-back-pressure"),
        ('451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover to '
         "alternate host, but that did not succeed.",
         "451 4.4.397 Error communicating with target host. -> 421 4.2.1 Unable to connect -> SocketTimedout: Socket "
         "error code 10060", "routing-remote-unreachable"),
        ("Tarpit for '0.00:00:15'", "Tarpit for '0.00:00:15' due to 'BackPressure'", "cap-tarpit"),
    ],
)  # fmt: skip
def test_old_and_new_versions_say_the_same(older: str, newer: str, signature_id: str) -> None:
    assert said(older) == said(newer) == signature_id


@pytest.mark.parametrize(
    ("text", "signature_id"),
    [
        ("Die Nachricht wurde vom Kategorisierungs-Agent zurückgestellt.", "agent-deferred"),
        ("Message deferred by categorizer agent.", "agent-deferred"),
        ("Verbindungsfehler. Winsock-Fehlercode: 10061, Win32-Fehlercode: 10061 10.0.10.12:2525",
         "proxy-backend-connect-fail"),
        ("Échec de connexion. Code d'erreur Winsock : 10060 203.0.113.20:25", "routing-remote-unreachable"),
    ],
)  # fmt: skip
def test_localised_texts_are_known_by_their_number_or_their_own_words(text: str, signature_id: str) -> None:
    assert said(text, *SEND) == signature_id


@pytest.mark.parametrize(
    ("text", "signature_id"),
    [
        ("[{LRT=1/2/2026 8:00:00 AM};{LED=441 4.4.1 Error encountered while communicating with primary target IP "
         'address: "Failed to connect. Winsock error code: 10060." Attempted failover to alternate host, but that did '
         "not succeed. The last endpoint attempted was 10.0.10.12:475};{FQDN=EX02.contoso.com};{IP=10.0.10.12}]",
         "proxy-backend-connect-fail"),
        ("[{LED=451 4.4.395 Target host responded with error. -> 452 4.3.1 Insufficient system resources};{MSG=}]",
         "cap-back-pressure"),
        ("450 4.7.0 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with "
         '"451 5.7.3 STARTTLS is required to send mail." Attempted failover', "tls-starttls-required"),
        ("Remote Server at mx.example.com (192.0.2.25) returned '550 5.4.300 Message expired -> 421 4.2.1 Unable to "
         "connect'", "routing-remote-unreachable"),
        ("Error: TransientException, Diagnostic Information: Stage:SubmitMessage, SmtpResponse:421 4.3.2 Service not "
         "active]", "proxy-service-not-active"),
        ("[{LED=};{MSG=432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded};{FQDN=};{IP=}]",
         "cap-mailbox-throttling"),
        ("550 5.4.300 Message expired -> 550 5.1.2 words", "code-5.1.2"),
        ("550 5.4.300 Message expired -> 451 4.4.0 words", "routing-expired"),
    ],
)  # fmt: skip
def test_the_innermost_error_that_says_something_names_the_class(text: str, signature_id: str) -> None:
    assert said(text, "message_tracking") == signature_id


def test_what_stands_in_an_address_names_nothing() -> None:
    assert said('550 5.1.1 <"service not active"@example.net>: User unknown') == "dir-recipient-not-found"
    assert said("550 5.5.0 <unable to relay 5.7.1@example.net> words") == "code-5.5.0"


def test_numbers_of_addresses_and_builds_are_no_status_codes() -> None:
    assert status_codes("554 10.5.7.1 and 192.5.1.1:25, build 15.02.1118.007") == set()
    assert status_codes("[550 5.7.1]; (4.4.7) at 5.1.10.") == {"5.7.1", "4.4.7", "5.1.10"}


@pytest.mark.parametrize("code", ["5.7", "5.x.1", "3.1.1", "5.7.5-"])
def test_a_signature_with_a_code_that_is_none_is_refused(code: str) -> None:
    from tracelens.rulebook import _check_signature

    signature = Signature("x", "m", "low", "V", class_="tls", enhanced=(code,), examples=("x",))
    with pytest.raises(ConfigError, match="no status code"):
        _check_signature(signature, {}, "x.toml")
