"""Findings that belong together are found without comparing each with each, and are the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tracelens.kinship import WINDOW, Kinship

Row = dict[str, Any]
MORNING = datetime(2026, 3, 2, 8)
OURS = {"10.0.10.11": "EX01", "10.0.10.12": "EX02"}
MINUTES = st.one_of(st.none(), st.integers(0, 120))


def row(first: int | None, length: int, server: str, connector: str, ip: str, account: str) -> Row:
    """Gives a finding that began some minutes after eight and went on for a while."""
    begin = None if first is None else MORNING + timedelta(minutes=first)
    return {
        "first_at": begin,
        "last_at": None if begin is None or length == 0 else begin + timedelta(minutes=length),
        "server": server or None,
        "connector_id": connector or None,
        "remote_ip": ip or None,
        "account": account or None,
    }


ROWS = st.lists(
    st.builds(
        row, MINUTES, st.integers(0, 60), st.sampled_from(["", "EX01", "EX02", "EX03"]), st.sampled_from(["", "A", "B"]),
        st.sampled_from(["", "192.0.2.1", "192.0.2.2", *OURS]), st.sampled_from(["", "anna", "ben"]),
    ),
    max_size=25,
)  # fmt: skip


def belong(one: Row, other: Row) -> bool:
    """Tells whether two findings are about one thing, by looking at the two alone."""
    if one["first_at"] is None or other["first_at"] is None:
        same = all(one[name] and one[name] == other[name] for name in ("server", "connector_id"))
        return one["first_at"] is other["first_at"] and same
    ends = [found["last_at"] or found["first_at"] for found in (one, other)]
    for name in ("remote_ip", "account"):
        if one[name] and one[name] == other[name] and one[name] not in OURS:
            return bool(one["first_at"] <= ends[1] + WINDOW and other["first_at"] <= ends[0] + WINDOW)
    if abs(one["first_at"] - other["first_at"]) > WINDOW:
        return False
    if one["connector_id"] and one["connector_id"] == other["connector_id"]:
        return True
    places = [{name for name in (found["server"], OURS.get(found["remote_ip"])) if name} for found in (one, other)]
    return not places[0].isdisjoint(places[1])


def joined(count: int, pairs: Sequence[tuple[int, int]]) -> set[frozenset[int]]:
    """Gives the groups that pairs make."""
    group = [{number} for number in range(count)]
    for one, other in pairs:
        if group[one] is not group[other]:
            group[one] |= group[other]
            for number in group[other]:
                group[number] = group[one]
    return {frozenset(found) for found in group}


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_the_groups_are_those_that_comparing_all_with_all_makes(rows: list[Row]) -> None:
    every = [(n, m) for n, m in combinations(range(len(rows)), 2) if belong(rows[n], rows[m])]
    assert joined(len(rows), list(Kinship(rows, OURS).pairs())) == joined(len(rows), every)


@settings(max_examples=150, deadline=None)
@given(ROWS, ROWS)
def test_the_nearest_is_the_first_by_rank_that_belongs(rows: list[Row], others: list[Row]) -> None:
    kinship = Kinship(rows, OURS)
    for other in others:
        first = next((number for number, found in enumerate(rows) if belong(other, found)), None)
        assert kinship.nearest(other) == first


def test_many_findings_of_one_hour_need_few_pairs() -> None:
    rows = [row(number % 60, 5, "EX01", "A", f"198.51.100.{number % 250}", "") for number in range(2_000)]
    assert len(list(Kinship(rows, OURS).pairs())) < 4 * len(rows)
