"""How often a sender comes: daily, weekly, monthly, quarterly or irregularly, told from the days it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

PERIODS = {"weekly": (7, 1), "monthly": (30.4, 3), "quarterly": (91.3, 8)}  # days, and how far off still counts
FITTING = 0.8
DAILY = 0.6
DAILY_LEAST = 5  # days
TOO_FEW = "too few days"


def rhythm(seen: Sequence[date], covered: Sequence[date]) -> tuple[str, date | None]:
    """Gives the rhythm and the day the sender is expected next.

    A day without logs is no day without the sender: a skipped turn is forgiven when no log covers it. Days in a row
    count as one visit, unless they make the sender a daily one.

    Args:
        seen: Days on which the sender was seen.
        covered: Days of which the store holds logs.
    """
    days = sorted(set(seen))
    if len(days) < 3:
        return TOO_FEW, None
    logged = sorted(set(covered) | set(days))
    between = [day for day in logged if days[0] <= day <= days[-1]]
    workdays = [day for day in between if day.weekday() < 5]
    active = set(days)
    on_workdays = len([day for day in workdays if day in active]) / len(workdays) if workdays else 0.0
    often = len(days) / len(between) >= DAILY or (len(workdays) >= DAILY_LEAST and on_workdays >= FITTING)
    if often and len(days) >= DAILY_LEAST:
        following = days[-1] + timedelta(days=1)
        while on_workdays >= FITTING and following.weekday() >= 5 and not any(day.weekday() >= 5 for day in days):
            following += timedelta(days=1)
        return "daily", following
    visits = [day for at, day in enumerate(days) if at == 0 or day - days[at - 1] > timedelta(days=1)]
    if len(visits) < 3:
        return TOO_FEW, None
    for name, (period, slack) in PERIODS.items():
        gaps = [(earlier, (later - earlier).days) for earlier, later in pairwise(visits)]
        fitting = [gap for start, gap in gaps if _fits(start, gap, period, slack, set(logged))]
        if len(fitting) / len(gaps) >= FITTING:
            return name, visits[-1] + timedelta(days=round(period))
    return "irregular", None


def _fits(start: date, gap: int, period: float, slack: float, logged: set[date]) -> bool:
    turns = max(1, round(gap / period))
    if abs(gap - turns * period) > slack:
        return False
    return all(_unlogged(start + timedelta(days=round(turn * period)), slack, logged) for turn in range(1, turns))


def _unlogged(day: date, slack: float, logged: set[date]) -> bool:
    reach = int(slack)
    return not any(day + timedelta(days=off) in logged for off in range(-reach, reach + 1))
