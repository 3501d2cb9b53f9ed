"""The plan of the simulated time: when each message, trouble and probe begins."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tracelens.errors import UsageError
from tracelens.simulate import headers as header_files
from tracelens.simulate import history, mistakes, plants, stage, tales
from tracelens.simulate.borders import (
    add_cloud,
    add_edge,
    from_cloud,
    from_internet_by_edge,
    from_old,
    same_id_twice,
    to_cloud,
    to_old,
)
from tracelens.simulate.centralised import out_by_cloud, out_by_us, round_trip
from tracelens.simulate.clock import Clocks
from tracelens.simulate.cloud import write_trace
from tracelens.simulate.delivery import expire
from tracelens.simulate.estate import BUILDS, Estate
from tracelens.simulate.exports import write_exports
from tracelens.simulate.flows import from_client, from_device, from_internet, from_mailbox
from tracelens.simulate.legacy import OLD_BUILD, add_old_hub
from tracelens.simulate.noise import knock, probe_frontend, probe_mailbox
from tracelens.simulate.scenes import SCENES
from tracelens.simulate.tales import TALES
from tracelens.simulate.troubles import planned
from tracelens.simulate.truth import Truth
from tracelens.simulate.world import World
from tracelens.simulate.writer import DAY, HOUR, MINUTE, SECOND, Loss, Sink, parse_loss

Begin = tuple[int, int, Callable[[], None]]
EXTRAS: dict[str, tuple[Callable[[World, int], None], ...]] = {
    "edge": (from_internet_by_edge,),
    "hybrid": (from_cloud, to_cloud),
    "centralised": (round_trip, out_by_us, out_by_cloud),
    "old": (to_old, from_old),
    "nat": (),
    "collisions": (same_id_twice,),
    "catalogue": (),
    "conduct": (),
    "mistakes": (),
    "history": (),
    "uneven": (),
}
"""What an estate can have besides its servers: an Edge server, Exchange Online (centralised: with its message
trace, mail passing through it or through here on its way to the other), a hub of 2010, a load balancer that
translates addresses, ids that repeat (restarts, servers, senders); and troubles, one for each rule that a text makes fire
(catalogue), that counts or compares (conduct), that judges a configuration (mistakes) or needs weeks of logs (history); half of all mail from one device, and
a journal address that gets a copy of what it and everybody sends (uneven)."""

LEAST_SERVERS = {"conduct": 3, "mistakes": 2}
"""Servers without which some of an extra's troubles have no place."""


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
    extras: Collection[str] = (),
    lose: Iterable[str] = (),
    clocks: Clocks | None = None,
    headers: int = 0,
    exports: bool = False,
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
        extras: Of `EXTRAS`: what stands beside the servers, or makes their logs harder to read.
        lose: Logs that nobody kept, as `SERVER:LOG[:HOUR]`; the truth stays whole.
        clocks: How far the servers' clocks are off; right ones if None.
        headers: How many delivered messages leave their headers in `headers/`, at most.
        exports: Write the configuration too, with mistakes if there are troubles.

    Raises:
        UsageError: A number is out of range, the version, an extra, a log, the date or a clock's server unknown, or the
            folder in use.
    """
    if version not in BUILDS:
        raise UsageError(f"unknown version '{version}'", "version", f"choose one of {', '.join(BUILDS)}")
    if messages < 1 or not 1 <= servers <= 40 or days < 1 or not 0 <= hours[0] < hours[1] <= 24:
        raise UsageError("messages and days start at 1, servers go from 1 to 40", "simulate")
    try:
        first = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError as error:
        raise UsageError(f"not a date: '{start}'", "start", "write it as 2026-03-02") from error
    unknown = sorted(set(extras) - set(EXTRAS))
    if unknown:
        raise UsageError(f"unknown extra '{unknown[0]}'", "with", f"choose of {', '.join(EXTRAS)}")
    for extra, least in LEAST_SERVERS.items():
        if extra in extras and servers < least:
            raise UsageError(f"'{extra}' needs {least} servers, not {servers}", "servers", f"give --servers {least}")
    losses = tuple(parse_loss(text) for text in lose)
    folder = Path(out)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"folder '{folder}' is not empty", "out", "choose a new folder")
    rng = random.Random(seed)
    estate, clocks = Estate(rng, servers, troubles), clocks or Clocks()
    if "edge" in extras:
        add_edge(estate, random.Random(seed + 1))
    if "old" in extras:
        add_old_hub(estate, random.Random(seed + 2))
    clocks.check({server.name for server in (*estate.servers, estate.edge, estate.old_hub) if server})
    folder.mkdir(parents=True, exist_ok=True)
    truth = Truth(folder / "truth.parquet")
    sink = Sink(folder, version, BUILDS[version], clocks, losses)
    world = World(sink, truth, rng, estate, version, first, "nat" in extras, "collisions" in extras)
    if {"hybrid", "centralised"} & set(extras):
        add_cloud(estate)
    if "uneven" in extras:
        estate.burden()
    if estate.old_hub:
        sink.old_builds["HUB10"] = OLD_BUILD
    mistaken = "mistakes" in extras
    if exports or mistaken:
        world.has_exports = troubles
        write_exports(world, folder, troubles, mistaken, days)
    if mistaken and days >= 8:
        lost = Loss(estate.servers[-1].name, "frontend_send", None, first + days // 2 * DAY)
        sink.losses = (*sink.losses, lost)
        world.tally("config-log-gap", lost.server, "", "", first + days // 2 * DAY)
    begins = _begins(world, messages, days, first, hours, troubles, extras)
    if extras:
        begins = heapq.merge(begins, _extra(world, messages, first, hours, extras), key=lambda begin: begin[:2])
    for moment, _, begin in begins:
        expire(world, moment)
        sink.write_until(moment)
        begin()
    expire(world, None)
    if "centralised" in extras:
        write_trace(world, folder)
    world.record_clocks()
    if "conduct" in extras:
        world.plant("header-not-confirmed", None, None)
    world.record_troubles()
    sink.close()
    truth.close()
    if headers:
        header_files.write(folder, headers, BUILDS[version])
    if "conduct" in extras:
        header_files.forge(folder, BUILDS[version])
    logs = sink.logs.values()
    return Summary(
        folder, messages, sum(log.file_count for log in logs), sum(log.row_count for log in logs),
        sum(log.written_bytes for log in logs), truth.counts["hop"], truth.counts["leg"], truth.counts["trouble"],
    )  # fmt: skip


def _begins(
    world: World, messages: int, days: int, first: int, hours: tuple[int, int], troubles: bool, extras: Collection[str]
) -> Iterator[Begin]:
    """Gives everything that begins, in order of time."""
    others: list[Begin] = []
    opens, length = hours[0] * HOUR, (hours[1] - hours[0]) * HOUR
    if "catalogue" in extras:
        for part, begin in plants.planned(world):
            moment = first + opens + int(part * length)
            others.append((moment, 0, partial(begin, moment)))
    if "conduct" in extras:
        begun = stage.planned(world, SCENES, first + opens, length) + tales.planned(world, TALES, first + opens, length)
        others += [(moment, 0, partial(begin, moment)) for moment, begin in begun]
    if "mistakes" in extras:
        servers = world.estate.servers
        begun = stage.planned(world, mistakes.scenes(servers[0].name, servers[-1].name), first + opens, length)
        others += [(moment, 0, partial(begin, moment)) for moment, begin in begun]
    if "history" in extras:
        others += [(moment, 0, partial(begin, moment)) for moment, begin in history.planned(world, days, first + opens)]
    for day in range(days):
        start = first + day * DAY + opens
        others += _noise(world, start, length)
        if troubles:
            for part, begin in planned(world):
                moment = start + int(part * length)
                others.append((moment, 0, partial(begin, moment)))
    ordered = [(moment, -number - 1, begin) for number, (moment, _, begin) in enumerate(others)]
    return heapq.merge(_messages(world, messages, days, first, hours), sorted(ordered, key=lambda begin: begin[:2]))


def _extra(world: World, messages: int, first: int, hours: tuple[int, int], extras: Collection[str]) -> Iterator[Begin]:
    """Gives the flows of what stands beside the servers, an eighth of the messages each, and restarts."""
    draws = random.Random(messages)
    flows: list[Callable[[World, int], None]] = []
    for extra, brought in EXTRAS.items():
        flows += brought if extra in extras else ()
    opens, length = first + hours[0] * HOUR, (hours[1] - hours[0]) * HOUR
    planned = [(opens + int(draws.random() * length), flow) for flow in flows for _ in range(max(2, messages // 8))]
    ordered: list[Begin] = [
        (moment, 1_000_000 + number, partial(flow, world, moment)) for number, (moment, flow) in enumerate(planned)
    ]
    if "collisions" in extras:
        ordered.append((opens + length // 2, 0, world.restart))
    yield from sorted(ordered, key=lambda begin: begin[:2])


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
    busiest = world.estate.busiest
    if busiest:
        if roll < 0.5:
            return partial(from_device, world, moment, busiest)
        roll = 2 * roll - 1
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
