"""Which target fits a client, and the reason given."""

from __future__ import annotations

from typing import Any

import pytest

from tracelens.report.target import target


def client(**changed: Any) -> dict[str, Any]:
    """Gives a device that relays without a logon."""
    row = {
        "messages": 10,
        "recipients": 10,
        "outside": 4,
        "is_public": False,
        "signed_in_share": 0.0,
        "plain_share": 0.0,
        "peak_per_minute": 2,
        "peak_recipients_per_day": 5,
        "own_sender_share": 1.0,
        "users": None,
        "sender_count": 1,
    }
    return row | changed


@pytest.mark.parametrize(
    ("changed", "fit", "reason"),
    [
        ({}, "connector relay", "no logon, inside and outside recipients"),
        ({"plain_share": 1.0}, "connector relay", "no TLS"),
        ({"signed_in_share": 1.0, "users": ["CONTOSO\\scan"]}, "OAuth submission", "one account"),
        ({"signed_in_share": 1.0, "peak_per_minute": 90}, "connector relay", "90 messages a minute"),
        ({"peak_recipients_per_day": 5000, "outside": 0}, "high-volume service", "inside only"),
        ({"peak_recipients_per_day": 20_000}, "high-volume service", "20,000 recipients a day"),
        ({"is_public": True}, "cloud connector", "certificate"),
        ({"is_public": True, "plain_share": 0.5}, "other", "without TLS"),
        ({"is_public": True, "own_sender_share": 0.0}, "other", "stop it"),
        ({"is_public": True, "signed_in_share": 1.0, "users": ["a"]}, "OAuth submission", "signs in"),
        ({"messages": 0}, "other", "nothing was accepted"),
    ],
)
def test_a_client_gets_the_target_that_fits(changed: dict[str, Any], fit: str, reason: str) -> None:
    found, why = target(client(**changed))
    assert found == fit
    assert reason in why
