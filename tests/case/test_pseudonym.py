"""Tokens: equal values stay equal, their kind stays, the key alone leads back."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from tracelens.pseudonym import Tokens
from tracelens.scrub import Scrub

from .conftest import Pair

Call = Callable[..., Result]
TOKENS = Tokens(b"k" * 32)
PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]


def kind(address: str) -> object:
    parsed = ipaddress.ip_address(address)
    return next((network for network in PRIVATE if parsed in network), parsed.is_loopback or parsed.is_multicast)


@given(st.ip_addresses(v=4).map(str))
def test_an_address_stays_private_or_public_and_leads_back(address: str) -> None:
    new = TOKENS.ip(address)
    assert kind(new) == kind(address)
    assert TOKENS.ip_back(new) == address


@given(st.ip_addresses(v=6).filter(lambda address: address.ipv4_mapped is None).map(str))
def test_an_ipv6_address_leads_back(address: str) -> None:
    assert ipaddress.ip_address(TOKENS.ip_back(TOKENS.ip(address))) == ipaddress.ip_address(address)


@given(st.ip_addresses(v=4).map(str), st.integers(0, 255))
def test_addresses_of_one_network_stay_in_one_network(address: str, last: int) -> None:
    other = address.rpartition(".")[0] + f".{last}"
    one, two = TOKENS.ip(address), TOKENS.ip(other)
    assert one.rpartition(".")[0] == two.rpartition(".")[0]
    assert (one == two) == (address == other)


@given(st.text("0123456789abcdef", min_size=2, max_size=48))
def test_a_hexadecimal_id_keeps_its_length_and_leads_back(text: str) -> None:
    new = TOKENS.hexes(text)
    assert len(new) == len(text)
    assert TOKENS.hexes(new, back=True) == text


@given(st.text(max_size=30), st.text(max_size=30))
def test_names_are_equal_where_their_originals_are(one: str, two: str) -> None:
    assert (TOKENS.name(one).lower() == TOKENS.name(two).lower()) == (one.lower() == two.lower())


def test_the_structure_of_domains_is_kept() -> None:
    user, domain = TOKENS.mail("anna.berg@contoso.co.uk").split("@")
    assert TOKENS.mail("ANNA.BERG@mail.contoso.co.uk") == f"{user.upper()}@{TOKENS.host('mail')}.{domain}"
    assert TOKENS.account("CONTOSO\\anna.berg") == f"{domain.split('.')[0].upper()}\\{user}"
    assert domain.endswith(".co.uk")
    assert TOKENS.host("contoso-com.mail.protection.outlook.com").endswith(".mail.protection.outlook.com")


def test_probes_and_odd_addresses_are_known_by_their_form() -> None:
    assert re.fullmatch(r"HealthMailbox[0-9a-f]{32}", TOKENS.local("HealthMailbox" + "19d9c9cc52d32377" * 2))
    assert TOKENS.local("extest_4f2a").startswith("extest_t")
    assert TOKENS.account("CONTOSO\\EX01$").endswith("$")
    assert re.fullmatch(r"win-[a-z0-9]{11}", TOKENS.host("win-4f7k2a1b3cd"))
    assert re.fullmatch(r'@t\w+,@t\w+:"t\w+"%t\w+@\[\d+\.\d+\.\d+\.\d+\]', TOKENS.mail('@a,@b:"x"%z@[192.0.2.1]'))


def test_a_subject_keeps_its_reply_mark_and_length_class() -> None:
    plain, reply = TOKENS.subject("Invoice 2026-0142"), TOKENS.subject("RE: Invoice 2026-0142")
    assert reply == f"RE: {plain}"
    assert plain.endswith(" (up to 20 characters)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EX01\\Default Frontend EX01", "{EX01}\\Default Frontend {EX01}"),
        ("EX01\\Client Proxy EX01", "{EX01}\\Client Proxy {EX01}"),
        ("EX01\\Outbound Proxy Frontend EX01", "{EX01}\\Outbound Proxy Frontend {EX01}"),
        ("MAIL\\Default Mailbox Delivery MAIL", "{MAIL}\\Default Mailbox Delivery {MAIL}"),
        ("Intra-Organization SMTP Send Connector", "Intra-Organization SMTP Send Connector"),
        ("Inbound Proxy Internal Send Connector", "Inbound Proxy Internal Send Connector"),
        ("Client Proxy Send Connector", "Client Proxy Send Connector"),
        ("Outbound to Office 365", "Outbound to Office 365"),
        ("To Fabrikam", "To {Fabrikam}"),
    ],
)
def test_a_connector_keeps_what_exchange_called_it(text: str, expected: str) -> None:
    named = {name: TOKENS.host(name) for name in ("EX01", "MAIL", "Fabrikam")}
    assert Scrub(TOKENS).connector(text) == expected.format_map(named)


def test_key_and_map_are_for_their_owner_alone(call: Call, pair: Pair, tmp_path: Path) -> None:
    place = pair.logs / "EX01" / "TransportRoles" / "Logs" / "MessageTracking"
    assert call("pseudonymise", place, "--out", "copy", "--key", "keys/a.key").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["a.key", "a.key.map"]
    if os.name == "posix":
        for path in (tmp_path / "keys").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [path for path in (tmp_path / "copy").rglob("*") if path.is_file() and path.suffix != ".LOG"]


def test_a_token_is_revealed_with_its_key_and_map(call: Call, pair: Pair) -> None:
    tokens = pair.tokens
    line = f"{tokens.mail('anna.berg@contoso.com')} from {tokens.ip('10.0.10.11')} on {tokens.host('EX01')}"
    shown = call("pseudonymise", "--reveal", line, "--key", pair.key)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout == "anna.berg@contoso.com from 10.0.10.11 on EX01\n"


def test_nothing_is_revealed_without_the_key_or_with_another(call: Call, pair: Pair, tmp_path: Path) -> None:
    token = pair.tokens.host("EX01")
    beside = pair.key.with_name("a.key.map")
    missing = call("pseudonymise", "--reveal", token, "--key", "none.key", "--map", beside)
    assert missing.exit_code == 4 and "cannot be read" in missing.output
    (tmp_path / "other.key").write_text("0" * 64)
    other = call("pseudonymise", "--reveal", token, "--key", "other.key", "--map", beside)
    assert other.exit_code == 4 and "another key" in other.output
    unknown = call("pseudonymise", "--reveal", "t" + "a" * 12, "--key", pair.key)
    assert unknown.exit_code == 1


def test_the_key_may_not_lie_in_what_is_handed_on(call: Call, pair: Pair, tmp_path: Path) -> None:
    refused = call("pseudonymise", pair.logs, "--out", "copy", "--key", "copy/a.key")
    assert refused.exit_code == 2
    assert not (tmp_path / "copy").exists()
