"""The rhythm of a sender, told from the days it was seen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tracelens.report.rhythm import TOO_FEW, rhythm

START = date(2026, 1, 5)  # a Monday
YEAR = [START + timedelta(days=at) for at in range(365)]


def days(*offsets: int) -> list[date]:
    return [START + timedelta(days=at) for at in offsets]


@pytest.mark.parametrize(
    ("offsets", "name"),
    [
        (range(60), "daily"),
        ([at for at in range(60) if at % 7 < 5], "daily"),
        (range(0, 70, 7), "weekly"),
        ([at + off for at in range(0, 70, 7) for off in (0, 1)], "weekly"),
        ([0, 7, 15, 21, 28, 34], "weekly"),
        ([0, 30, 61, 91, 122], "monthly"),
        ([0, 31, 59, 90], "monthly"),
        ([0, 91, 182, 273], "quarterly"),
        ([0, 3, 40, 44, 100, 190], "irregular"),
        ([0, 30], TOO_FEW),
        ([5, 6, 7], TOO_FEW),
        ([5], TOO_FEW),
    ],
)
def test_a_rhythm_has_its_name(offsets: list[int], name: str) -> None:
    assert rhythm(days(*offsets), YEAR)[0] == name


def test_a_turn_that_no_log_covers_is_forgiven() -> None:
    seen = days(0, 7, 21, 28)
    assert rhythm(seen, YEAR)[0] == "irregular"
    assert rhythm(seen, [day for day in YEAR if day not in days(*range(10, 19))])[0] == "weekly"


def test_the_next_visit_follows_from_the_rhythm() -> None:
    assert rhythm(days(0, 7, 14, 21), YEAR)[1] == START + timedelta(days=28)
    workdays = [at for at in range(12) if at % 7 < 5]
    assert rhythm(days(*workdays), YEAR)[1] == START + timedelta(days=14), "not on a Saturday"
    assert rhythm(days(0, 3, 40, 44, 100, 190), YEAR)[1] is None
