"""What a path says as text of a recipient that was put off, and of a message whose beginning is missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tracelens.compare import facts
from tracelens.query import Path
from tracelens.story import path_text

START = datetime(2026, 3, 2, 10)
MESSAGE = {
    "message_id": "m@example.com", "sender_address": "p@example.com", "message_subject": None, "first_at": START, "last_at": START,
    "status": "relayed", "total_ms": None, "total_bound_ms": None, "message_bytes": None, "is_noise": False, "origin_class": "unknown",
    "origin_ip": None,
}  # fmt: skip
LEG = {
    "recipient_address": "x@fabrikam.com", "status": "relayed", "basis": "observed", "final_at": START, "total_ms": None, "total_bound_ms": None,
    "reason_code": None, "reason_text": None, "deferral_count": 3, "first_deferral_at": START, "last_deferral_at": START + timedelta(minutes=20),
    "deferral_text": "451 4.4.0 DNS query failed",
}  # fmt: skip
GAP = {
    "after_hop": None, "side": "before", "server": "EX01", "service": "hub", "log": "message_tracking", "hour": START,
    "reason": "server not loaded: no log of this server is in the store",
}  # fmt: skip


def path(*gaps: dict[str, Any], **leg: Any) -> Path:
    return Path(MESSAGE, [], [{**LEG, **leg}], list(gaps), [])


def test_a_recipient_that_was_put_off_says_how_often_when_and_why() -> None:
    told = "deferred 3 times, 2026-03-02 10:00:00.000 to 2026-03-02 10:20:00.000: 451 4.4.0 DNS query failed"
    assert told in path_text(path(), "again")
    once = {"status": "deferred", "deferral_count": 1, "last_deferral_at": START, "reason_text": LEG["deferral_text"]}
    assert path_text(path(**once), "again").count("451 4.4.0") == 1
    assert "deferred" not in path_text(path(deferral_count=0), "again")


def test_two_messages_side_by_side_say_why_a_total_time_is_not_known() -> None:
    (total,) = (fact for fact in facts(path(GAP), path()) if fact["fact"] == "total")
    assert (total["left"], total["right"]) == ("unknown: the beginning is missing", "unknown")
