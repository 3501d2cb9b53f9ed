"""The estimate of senders not yet seen, against estates whose senders are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tracelens.report.unseen import chance_of_sighting, chao2, days_until

DRAWS = 200


@pytest.mark.parametrize("days", [30, 60, 90])
@pytest.mark.parametrize(
    ("daily", "weekly", "monthly", "quarterly"),
    [(12, 8, 6, 0), (20, 10, 10, 5), (60, 30, 30, 10)],
    ids=["a small site", "a site with quarterly jobs", "a large estate"],
)
def test_the_interval_covers_the_true_number_of_senders_in_nine_of_ten_draws(
    days: int, daily: int, weekly: int, monthly: int, quarterly: int
) -> None:
    chances = np.repeat([0.7, 1 / 7, 1 / 30, 1 / 91], [daily, weekly, monthly, quarterly])
    draws = np.random.default_rng(days).binomial(days, chances, size=(DRAWS, len(chances)))
    assert (draws == 0).any(axis=1).mean() > 0.1, "some draws must miss a sender, or the test shows nothing"
    covered = 0
    for sightings in draws.tolist():
        estimate = chao2(sightings, days)
        assert estimate is not None
        covered += estimate.low <= len(chances) <= estimate.high
    assert covered >= 0.9 * DRAWS


def test_the_estimate_is_that_of_the_paper() -> None:
    estimate = chao2([1] * 10 + [2] * 5 + [9] * 25, 20)
    assert estimate is not None
    assert (estimate.seen, estimate.once, estimate.twice) == (40, 10, 5)
    assert estimate.unseen == pytest.approx(19 / 20 * 10**2 / (2 * 5))
    assert estimate.low < estimate.total < estimate.high
    assert estimate.low >= estimate.seen


def test_the_days_still_needed_bring_the_extrapolation_to_the_share() -> None:
    estimate = chao2([1] * 10 + [2] * 5 + [9] * 25, 20)
    assert estimate is not None
    more = days_until(estimate)
    assert more

    def seen_after(days: int) -> float:
        chance = estimate.once / (estimate.days * estimate.unseen + estimate.once)
        return estimate.seen + estimate.unseen * (1 - (1 - chance) ** days)

    assert seen_after(more) >= 0.95 * estimate.total > seen_after(more - 1)


def test_senders_seen_every_day_leave_nothing_to_expect() -> None:
    estimate = chao2([30] * 8, 30)
    assert estimate is not None
    assert (estimate.unseen, estimate.low, days_until(estimate)) == (0, 8, 0)
    assert estimate.high <= 9


def test_one_sender_seen_once_is_no_proof_of_completeness() -> None:
    estimate = chao2([1], 30)
    assert estimate is not None
    assert estimate.high > 1


@pytest.mark.parametrize(("sightings", "days"), [([], 30), ([1, 2], 1), ([0], 9)])
def test_nothing_is_claimed_without_senders_or_days(sightings: list[int], days: int) -> None:
    assert chao2(sightings, days) is None


def test_the_chance_of_a_sighting_grows_with_the_days() -> None:
    assert chance_of_sighting(30, 0) == 0
    assert chance_of_sighting(7, 7) == pytest.approx(1 - (6 / 7) ** 7)
    assert math.isclose(chance_of_sighting(30, 300), 1, abs_tol=1e-4)
