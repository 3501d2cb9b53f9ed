"""Who may open the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tracelens import admission
from tracelens.errors import UsageError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No password and no login configured, neither here nor at home."""
    monkeypatch.delenv(admission.PASSWORD, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.0.1"])
def test_loopback_needs_no_login(address: str) -> None:
    assert admission.login(address) == "none"


@pytest.mark.parametrize(
    "address", [None, "", "0.0.0.0", "::", "192.0.2.10", "mail.example.com", "127.0.0.1.example.com"]
)
def test_any_other_address_is_refused_without_a_login(address: str | None) -> None:
    with pytest.raises(UsageError) as refusal:
        admission.login(address)
    assert admission.PASSWORD in str(refusal.value.hint)


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1"])
def test_a_password_is_asked_for_wherever_one_is_set(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(admission.PASSWORD, "correct horse")
    assert admission.login(address) == "password"


@pytest.mark.parametrize(("given", "is_right"), [("grün", True), ("Grün", False), ("grün ", False), ("", False)])
def test_only_the_whole_password_is_right(monkeypatch: pytest.MonkeyPatch, given: str, is_right: bool) -> None:
    monkeypatch.setenv(admission.PASSWORD, "grün")
    assert admission.is_password(given) is is_right


def test_no_password_set_means_that_none_is_right() -> None:
    assert not admission.is_password("")


def test_serve_refuses_an_open_address_and_says_what_to_set(call: Callable[..., Result], sample_store: Path) -> None:
    done = call("serve", "--store", sample_store, "--address", "0.0.0.0")
    assert done.exit_code == 2
    assert "0.0.0.0" in done.output
    assert admission.PASSWORD in done.output


def test_a_token_given_out_lets_in_and_a_changed_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(admission.PASSWORD, "correct horse")
    given = admission.token()
    ends, _, signature = given.partition(".")
    assert admission.is_token(given)
    assert not admission.is_token(f"{int(ends) + 1}.{signature}")
    assert not admission.is_token("")


def test_a_token_ends_with_the_password_it_was_given_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(admission.PASSWORD, "correct horse")
    given = admission.token()
    monkeypatch.setenv(admission.PASSWORD, "battery staple")
    assert not admission.is_token(given)
