"""Troubles that only weeks of logs can show, as data: what was usual, on which days, and what then happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from tracelens.errors import UsageError
from tracelens.simulate.estate import INTERNAL
from tracelens.simulate.scenes import BYE, INSIDE, hello, mail
from tracelens.simulate.stage import Act, Planned, Scene, play
from tracelens.simulate.tales import BY_SMTP, SUBMITTED, Step, Tale, tell
from tracelens.simulate.world import World
from tracelens.simulate.writer import DAY, MINUTE

DAYS = 32
WORKDAYS = tuple(day for day in range(DAYS) if day % 7 < 5)


@dataclass(frozen=True)
class Dated:
    """Something that happens at one minute of the working day on some days; the first day is 0, a Monday.

    Only what is named after a rule is a trouble.
    """

    days: tuple[int, ...]
    minute: int
    what: Scene | Tale


def _relayed(ip: str, times: int = 1, to: str = INSIDE, connector: str = "Relay {name}") -> tuple[Act, ...]:
    return (Act((*hello("device"), *(mail(f"device{ip[-2:]}@{INTERNAL}", to) * times), *BYE), ip, connector),)


DELIVERED = (BY_SMTP, Step("DELIVER/STOREDRIVER", 2, log="tracking_delivery"))
LATE = (BY_SMTP, Step("DELIVER/STOREDRIVER", 150, log="tracking_delivery"))
IN_BULK = Tale("", DELIVERED, "office@example.net", f"priya.petrov@{INTERNAL}", 1, 55, 10)
TO_CLIENT = Tale("", SUBMITTED, f"ines.jansen@{INTERNAL}", "client@example.com", size=1_000_000)
DAILY = Tale("", SUBMITTED, f"ben.costa@{INTERNAL}", f"chloe.diaz@{INTERNAL}")

PAST = (
    Dated((0, 7, 14, 21), 4, Scene("", _relayed("10.0.40.30"))),
    Dated((28,), 4, Scene("behaviour-burst", _relayed("10.0.40.30", 60))),
    Dated(WORKDAYS[:8], 1, Scene("", (Act((*hello("gate"), *BYE), "203.0.113.31", count=30, every_s=100),))),
    Dated(WORKDAYS[:8], 61, Scene("", (Act((*hello("gate"), *BYE), "203.0.113.31", count=30, every_s=100),))),
    Dated((10,), 30, Scene("behaviour-traffic-cliff", (Act((*hello("gate"), *BYE), "203.0.113.31"),), peer="", connector="")),
    Dated((0,), 8, Scene("", _relayed("10.0.40.32", 1, connector="Fax {name}"))),
    Dated((30,), 8, Scene("behaviour-dormant-connector", _relayed("10.0.40.33", 2, connector="Fax {name}"))),
    Dated((31,), 12, Scene("relay-new-client", _relayed("10.0.40.34", 2, "office@example.net"))),
    Dated((0, 1, 2, 3, 4), 16, Scene("relay-dormant-client", _relayed("10.0.40.35"))),
    Dated(tuple(range(11)), 20, TO_CLIENT),
    Dated((11,), 20, replace(TO_CLIENT, rule="behaviour-large-outbound", count=10, size=24_000_000)),
    Dated((20,), 24, Tale("behaviour-new-ext-domain-fanout", SUBMITTED, f"lena.lund@{INTERNAL}", "sales@shop{n}.example", 35)),
    Dated(tuple(range(15)), 28, DAILY),
    Dated((15,), 150, replace(DAILY, rule="behaviour-off-hours-burst", count=24)),
    Dated(WORKDAYS[:8], 32, IN_BULK),
    Dated((WORKDAYS[8],), 32, replace(IN_BULK, rule="behaviour-latency-rise", steps=LATE)),
)  # fmt: skip


def planned(world: World, days: int, first: int) -> Iterator[Planned]:
    """Gives when each thing happens and what begins there.

    Raises:
        UsageError: There are too few days.
    """
    if days < DAYS:
        raise UsageError(f"'history' needs {DAYS} days, not {days}", "days", f"give --days {DAYS} and a few --hours")
    servers = world.estate.servers
    for dated in PAST:
        for day in dated.days:
            run = partial(play if isinstance(dated.what, Scene) else tell, world, servers[0], dated.what)  # type: ignore[arg-type]
            yield first + day * DAY + dated.minute * MINUTE, run
