"""Clocks of the made-up servers: how far each is off, and when it jumps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from tracelens.errors import UsageError

LIMIT_MS = 86_400_000


class Clocks:
    """What each server's clock shows at a true moment; all that a server logs bears its own time."""

    def __init__(self, offsets: Mapping[str, int] | None = None, steps: Mapping[str, Mapping[str, int]] | None = None):
        """Takes the plan.

        Args:
            offsets: Server -> milliseconds its clock is ahead of true time (negative: behind).
            steps: Server -> true time -> milliseconds its clock jumps by then.

        Raises:
            UsageError: A difference is over a day, or a time cannot be read.
        """
        self._turns: dict[str, list[tuple[int, int]]] = {}
        offsets, steps = offsets or {}, steps or {}
        for server in sorted({*offsets, *steps}):
            shown = offsets.get(server, 0)
            turns = [(0, shown)]
            for moment, jump in sorted((_micros(text), jump) for text, jump in steps.get(server, {}).items()):
                shown += jump
                turns.append((moment, shown))
            if any(abs(offset) > LIMIT_MS for _, offset in turns):
                raise UsageError(f"the clock of '{server}' is off by over a day", "clock", "give milliseconds")
            self._turns[server] = turns

    @classmethod
    def parsed(cls, offsets: Iterable[str], steps: Iterable[str]) -> Clocks:
        """Gives the plan written as `SERVER=MS` and `SERVER=MS@TIME`.

        Raises:
            UsageError: A text has another form.
        """
        plan: dict[str, dict[str, int]] = {}
        fixed: dict[str, int] = {}
        for text in offsets:
            server, _, ms = text.partition("=")
            fixed[server.upper()] = _number(ms, text)
        for text in steps:
            server, _, rest = text.partition("=")
            ms, _, moment = rest.partition("@")
            plan.setdefault(server.upper(), {})[moment] = _number(ms, text)
        return cls(fixed, plan)

    def shown(self, server: str, moment: int) -> int:
        """Gives what a server's clock shows, in microseconds since 1970, at a true moment."""
        turns = self._turns.get(server)
        if turns is None:
            return moment
        return moment + turns[bisect_right(turns, moment, key=lambda turn: turn[0]) - 1][1] * 1000

    def turns(self) -> Iterator[tuple[str, int, int]]:
        """Gives server, true moment and milliseconds off from then on."""
        for server, turns in self._turns.items():
            for moment, offset in turns:
                yield server, moment, offset

    def check(self, servers: set[str]) -> None:
        """Checks that the plan names servers of the estate only.

        Raises:
            UsageError: It names another.
        """
        for server in self._turns:
            if server not in servers:
                raise UsageError(f"no server '{server}'", "clock", f"choose of {', '.join(sorted(servers))}")


def _number(ms: str, text: str) -> int:
    try:
        return int(ms)
    except ValueError as error:
        raise UsageError(f"not a clock: '{text}'", "clock", "write SERVER=MS or SERVER=MS@TIME") from error


def _micros(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"not a time: '{text}'", "clock", "write it as 2026-03-02T12:30:00") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return int(moment.timestamp() * 1_000_000)
