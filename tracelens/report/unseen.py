"""How many senders have not shown up yet: the Chao2 estimator over days, with its interval and extrapolation.

Days are sampling units; only whether a sender was seen on a day counts, not how often. Chao2 is a lower bound when
senders differ much, and it says nothing of senders so rare that not even their like was seen.

Source: A. Chao, Biometrics 43 (1987) 783-791: estimator, variance and log-normal interval; A. Chao et al., Ecology 90
(2009) 1125-1133: further sampling until a share is seen; R. K. Colwell et al., J. Plant Ecology 5 (2012) 3-21.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959964  # 95 %


@dataclass(frozen=True)
class Estimate:
    """Senders seen and not seen.

    Attributes:
        days: Sampling units.
        seen: Senders seen.
        once: Seen on exactly one day.
        twice: Seen on exactly two days.
        unseen: Estimate of those not yet seen.
        low: Whole senders in all, at least (95 %).
        high: Whole senders in all, at most (95 %).
    """

    days: int
    seen: int
    once: int
    twice: int
    unseen: float
    low: int
    high: int

    @property
    def total(self) -> float:
        """Gives the estimate of all senders."""
        return self.seen + self.unseen


def chao2(sightings: Sequence[int], days: int) -> Estimate | None:
    """Gives the estimate from the number of days on which each sender was seen; None when nothing can be said.

    The limits are rounded outwards to whole senders.
    """
    held = [number for number in sightings if number > 0]
    if not held or days < 2:
        return None
    seen, once, twice = len(held), held.count(1), held.count(2)
    share = (days - 1) / days
    if twice:
        ratio = once / twice
        unseen = share * once * ratio / 2
        variance = twice * (share / 2 * ratio**2 + share**2 * ratio**3 + share**2 / 4 * ratio**4)
    else:
        unseen = share * once * (once - 1) / 2
        variance = (
            share * once * (once - 1) / 2
            + share**2 * once * (2 * once - 1) ** 2 / 4
            - share**2 * once**4 / 4 / (seen + unseen)
        )
    if unseen > 0:
        factor = math.exp(Z * math.sqrt(math.log(1 + variance / unseen**2)))
        low, high = seen + unseen / factor, seen + unseen * factor
    else:
        low, high = _limits_when_all_seem_seen(held, days)
    return Estimate(days, seen, once, twice, unseen, max(seen, math.floor(low)), math.ceil(high))


def _limits_when_all_seem_seen(held: Sequence[int], days: int) -> tuple[float, float]:
    seen = len(held)
    missed = sum(math.exp(-number) for number in held) / seen
    variance = sum(math.exp(-number) - math.exp(-2 * number) for number in held)
    variance -= sum(number * math.exp(-number) for number in held) ** 2 / days
    spread = Z * math.sqrt(max(variance, 0.0)) / (1 - missed)
    middle = seen / (1 - missed)
    return max(seen, middle - spread), middle + spread


def days_until(estimate: Estimate, share: float = 0.95) -> int | None:
    """Gives how many more days it takes until a share of all senders has been seen; None when it cannot be said."""
    wanted = share * estimate.total - estimate.seen
    if wanted <= 0:
        return 0
    chance = estimate.once / (estimate.days * estimate.unseen + estimate.once)
    if not 0 < chance < 1:
        return None
    return math.ceil(math.log(1 - wanted / estimate.unseen) / math.log(1 - chance))


def chance_of_sighting(period: float, days: int) -> float:
    """Gives the chance that a sender that comes once in `period` days, on any of them, showed up within `days`."""
    return float(1 - (1 - 1 / period) ** days)
