"""The plan of the simulated time: when each message, trouble and probe begins."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tracelens.errors import UsageError
from tracelens.simulate import plants
from tracelens.simulate.delivery import expire
from tracelens.simulate.estate import BUILDS, Estate
from tracelens.simulate.flows import from_client, from_device, from_internet, from_mailbox
from tracelens.simulate.noise import knock, probe_frontend, probe_mailbox
from tracelens.simulate.troubles import planned
from tracelens.simulate.truth import Truth
from tracelens.simulate.world import World
from tracelens.simulate.writer import HOUR, MINUTE, SECOND, Sink

Begin = tuple[int, int, Callable[[], None]]
DAY = 24 * HOUR


@dataclass(frozen=True)
class Summary:
    """What a simulation wrote."""

    out: Path
    messages: int
    files: int
    rows: int
    bytes: int
    hops: int
    legs: int
    troubles: int


def simulate(
    out: str | Path,
    messages: int = 1000,
    servers: int = 2,
    days: int = 1,
    seed: int = 1,
    start: str = "2026-03-02",
    troubles: bool = True,
    version: str = "2019",
    hours: tuple[int, int] = (6, 20),
    catalogue: bool = False,
) -> Summary:
    """Writes the logs of a made-up estate and `truth.parquet` beside them.

    Args:
        out: Folder to write to; must be empty or not there.
        messages: Messages that come in (sessions with several count once; reports come on top).
        servers: Exchange servers, EX01 and up.
        days: Days.
        seed: The same seed gives the same bytes.
        start: First day.
        troubles: Plant troubles; without, no mailbox is full and no device speaks an old TLS version either.
        version: 2013, 2016, 2019 or SE.
        hours: First and last hour of the working day, UTC.
        catalogue: Plant on the first day one trouble more for each rule that one text or a few commands make fire.

    Raises:
        UsageError: A number is out of range, the version or the date unknown, or the folder is in use.
    """
    if version not in BUILDS:
        raise UsageError(f"unknown version '{version}'", "version", f"choose one of {', '.join(BUILDS)}")
    if messages < 1 or not 1 <= servers <= 40 or days < 1 or not 0 <= hours[0] < hours[1] <= 24:
        raise UsageError("messages and days start at 1, servers go from 1 to 40", "simulate")
    try:
        first = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError as error:
        raise UsageError(f"not a date: '{start}'", "start", "write it as 2026-03-02") from error
    folder = Path(out)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"folder '{folder}' is not empty", "out", "choose a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    truth = Truth(folder / "truth.parquet")
    sink = Sink(folder, version, BUILDS[version])
    world = World(sink, truth, rng, Estate(rng, servers, troubles), version, first)
    for moment, _, begin in _begins(world, messages, days, first, hours, troubles, catalogue):
        expire(world, moment)
        sink.write_until(moment)
        begin()
    expire(world, None)
    world.record_troubles()
    sink.close()
    truth.close()
    logs = sink.logs.values()
    return Summary(
        folder, messages, sum(log.file_count for log in logs), sum(log.row_count for log in logs),
        sum(log.written_bytes for log in logs), truth.counts["hop"], truth.counts["leg"], truth.counts["trouble"],
    )  # fmt: skip


def _begins(
    world: World, messages: int, days: int, first: int, hours: tuple[int, int], troubles: bool, catalogue: bool
) -> Iterator[Begin]:
    """Gives everything that begins, in order of time."""
    others: list[Begin] = []
    opens, length = hours[0] * HOUR, (hours[1] - hours[0]) * HOUR
    if catalogue:
        for part, begin in plants.planned(world):
            moment = first + opens + int(part * length)
            others.append((moment, 0, partial(begin, moment)))
    for day in range(days):
        start = first + day * DAY + opens
        others += _noise(world, start, length)
        if troubles:
            for part, begin in planned(world):
                moment = start + int(part * length)
                others.append((moment, 0, partial(begin, moment)))
    ordered = [(moment, -number - 1, begin) for number, (moment, _, begin) in enumerate(others)]
    return heapq.merge(_messages(world, messages, days, first, hours), sorted(ordered, key=lambda begin: begin[:2]))


def _noise(world: World, start: int, length: int) -> Iterator[Begin]:
    for server in world.estate.servers:
        offset = server.index * 13 * SECOND
        for moment in range(start + offset + 7 * SECOND, start + length, 15 * MINUTE):
            yield moment, 0, partial(probe_frontend, world, moment, server)
        for moment in range(start + offset + 2 * MINUTE, start + length, 10 * MINUTE):
            yield moment, 0, partial(knock, world, moment, server)
        for moment in range(start + offset + 20 * MINUTE, start + length, HOUR):
            yield moment, 0, partial(probe_mailbox, world, moment, server)


def _messages(world: World, messages: int, days: int, first: int, hours: tuple[int, int]) -> Iterator[Begin]:
    open_at, length = hours[0] * HOUR, (hours[1] - hours[0]) * HOUR
    draws = random.Random(world.rng.getrandbits(64))
    moments = sorted(
        first + draws.randrange(days) * DAY + open_at + int(draws.random() * length) for _ in range(messages)
    )
    for number, moment in enumerate(moments):
        yield moment, number, _flow(world, draws.random(), moment)


def _flow(world: World, roll: float, moment: int) -> Callable[[], None]:
    if roll < 0.42:
        return partial(from_internet, world, moment)
    if roll < 0.64:
        return partial(from_mailbox, world, moment, 1.0, 0.06)
    if roll < 0.83:
        return partial(from_mailbox, world, moment, 0.0, 1.0)
    if roll < 0.92:
        return partial(from_client, world, moment)
    device = world.estate.devices[int(roll * 10_000) % len(world.estate.devices)]
    return partial(from_device, world, moment, device)
