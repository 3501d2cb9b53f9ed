"""Plays the scenes: conversations as data, written as one side logs them, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tracelens.simulate.estate import Server
from tracelens.simulate.smtp import Session, banner
from tracelens.simulate.world import World
from tracelens.simulate.writer import DAY, HOUR, MINUTE, SECOND

Planned = tuple[int, Callable[[int], None]]
SWAPPED = {"<": ">", ">": "<"}


@dataclass(frozen=True)
class Act:
    """One kind of conversation, held some times.

    In all texts `{n}` is the number of the conversation, `{server}`, `{name}` and `{own}` the server's full name, short
    name and address, `{other}` and `{other_ip}` those of another server, `{ip}` the peer, `{soon}` a time five days on.

    Attributes:
        lines: Rows as the log has them, their event first: `> ` what the server sends, `< ` what it gets, `* ` what it
            notes as `context|data`, `! ` what it notes before it is connected.
        peer: Address of the other side.
        connector: Name; a receive connector without the server's.
        service: Service of the server: frontend, hub, submission.
        port: Of the receiving side.
        direction: receive or send.
        count: How often.
        every_s: Seconds between two.
        ends: Who hangs up, as the log has it.
        mirror: Service and connector of another server that logs the same from its side.
    """

    lines: tuple[str, ...]
    peer: str
    connector: str = "Default Frontend {name}"
    service: str = "frontend"
    port: int = 25
    direction: str = "receive"
    count: int = 1
    every_s: int = 20
    ends: str = "Remote"
    mirror: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Scene:
    """A trouble that shows in conversations.

    Attributes:
        rule: Rule that must find it; none if the scene only sets another.
        acts: What happens, one after the other.
        peer: Address that the truth names; that of the last act if None, none if empty.
        connector: Connector that the truth names; that of the last act if None, none if empty.
        server: Server that the truth names; none if empty.
        on: Server where it happens; any if empty.
    """

    rule: str
    acts: tuple[Act, ...]
    peer: str | None = None
    connector: str | None = None
    server: str = "{name}"
    on: str = ""


def planned(world: World, scenes: Sequence[Scene], first: int, length: int) -> list[Planned]:
    """Gives when each scene begins and what begins there, spread over a working day, each within one hour."""
    servers = world.estate.servers
    found: list[Planned] = []
    for number, scene in enumerate(scenes):
        moment = within_hour(first + MINUTE + number * (length - HOUR) // max(len(scenes), 1))
        stage = next((server for server in servers if server.name == scene.on), servers[number % len(servers)])
        found.append((moment, partial(play, world, stage, scene)))
    return found


def within_hour(moment: int) -> int:
    """Gives the moment, or the begin of the next hour where this one is nearly over."""
    return moment if moment % HOUR < 40 * MINUTE else moment // HOUR * HOUR + HOUR + MINUTE


def play(world: World, server: Server, scene: Scene, moment: int) -> None:
    """Writes all conversations of a scene and its row of the truth."""
    servers = world.estate.servers
    other = servers[(server.index + 1) % len(servers)]
    begin = moment
    for act in scene.acts:
        for number in range(act.count):
            _converse(world, server, other, act, number, moment)
            moment += act.every_s * SECOND
    if not scene.rule:
        return
    last = scene.acts[-1]
    place = _names(server, other, 0)
    peer = (last.peer if scene.peer is None else scene.peer).format_map(place)
    connector = (last.connector if scene.connector is None else scene.connector).format_map(place)
    if connector and scene.connector is None and last.direction == "receive":
        connector = f"{server.name}\\{connector}"
    where = scene.server.format_map(place)
    for when in (begin, moment - last.every_s * SECOND):
        world.tally(scene.rule, where, peer, connector, when)


def _names(server: Server, other: Server, number: int) -> dict[str, object]:
    return {
        "n": number, "server": server.fqdn, "name": server.name, "own": server.ip, "other": other.fqdn,
        "other_ip": other.ip, "other_name": other.name, "ip": "",
    }  # fmt: skip


def _converse(world: World, server: Server, other: Server, act: Act, number: int, moment: int) -> None:
    names = _names(server, other, number)
    names["ip"] = peer = act.peer.format_map(names)
    names["soon"] = world.stamp(server, moment + 5 * DAY)
    connector = act.connector.format_map(names)
    free = world.rng.randint(20_000, 65_000)
    own, far = (f"{server.ip}:{act.port}", f"{peer}:{free}")
    if act.direction == "send":
        own, far = f"{server.ip}:{free}", f"{peer}:{act.port}"
    else:
        connector = f"{server.name}\\{connector}"
    sides = [Session(world, server, act.service, act.direction, connector, own, far)]
    service, mirrored = act.mirror
    if service:
        mirrored = mirrored.format_map(names)
        turned = "receive" if act.direction == "send" else "send"
        mirrored = f"{other.name}\\{mirrored}" if turned == "receive" else mirrored
        sides.append(Session(world, other, service, turned, mirrored, far, own))
    is_connected = not act.lines[0].startswith("!")
    if is_connected:
        for side in sides:
            side.row(moment, "+")
        greets = server if act.direction == "receive" else other if service else None
        text = banner(greets, moment) if greets else "220 mx.example.org ESMTP Postfix"
        moment = _exchange(sides, moment, ">" if act.direction == "receive" else "<", text)
    for line in act.lines:
        event, text = line[0], line[2:].format_map(names)
        if event in SWAPPED:
            moment = _exchange(sides, moment, event, text)
            continue
        moment += 40
        context, _, data = text.partition("|")
        sides[0].row(moment, "*", data, context, connected=is_connected)
    if is_connected:
        for side, reason in zip(sides, (act.ends, "Local" if act.ends == "Remote" else "Remote"), strict=False):
            side.row(moment + 300, "-", "", reason)


def _exchange(sides: Sequence[Session], moment: int, event: str, text: str) -> int:
    for side, seen in zip(sides, (event, SWAPPED[event]), strict=False):
        moment += 9_000
        side.row(moment, seen, text)
    return moment
