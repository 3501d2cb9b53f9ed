"""The Transport service sorts recipients: groups, forwards, other names, strangers; then sends and gives up."""

from __future__ import annotations

from tracelens.simulate.delivery import FULL, deliver, hand_over
from tracelens.simulate.estate import REMOTES, REPORT_SENDER, Server
from tracelens.simulate.intake import Item
from tracelens.simulate.outbound import bracket, send_out
from tracelens.simulate.tracking import track
from tracelens.simulate.world import Mail, World

NOT_FOUND = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"


def remote_of(address: str) -> int:
    """Gives the number of the outside system that takes mail for an address; -1 for our own."""
    domain = address.rsplit("@", 1)[1]
    for number, remote in enumerate(REMOTES):
        if domain == remote.domain:
            return number
    return -1


def route(world: World, item: Item, recipients: list[str], may_transfer: bool = False) -> None:
    """Sends a queued message on its ways; every recipient ends with a leg."""
    inside, outside, lost = _resolve(world, item, recipients)
    failures = dict.fromkeys(lost, (NOT_FOUND, "", "", "ROUTING"))
    away = _fork(world, item, list(outside.values())) if inside and outside else item
    for home_name, addresses in inside.items():
        home = next(server for server in world.estate.servers if server.name == home_name)
        there = item
        if may_transfer and home is not item.hub and world.rng.random() < 0.5:
            there = hand_over(world, item, addresses, home)
        refusal = deliver(world, there, addresses, home)
        if refusal:
            _fail(world, there, {addresses[0]: (FULL, home.fqdn, home.ip, "STOREDRIVER")})
    away.moment = max(away.moment, item.moment)
    for number, addresses in outside.items():
        remote = REMOTES[number]
        outcome = send_out(world, away, addresses, remote)
        if outcome.refused:
            _fail(world, away, {a: (reply, remote.host, remote.ip, "SMTP") for a, reply in outcome.refused.items()})
    if failures:
        _fail(world, item, failures)


def _resolve(
    world: World, item: Item, recipients: list[str]
) -> tuple[dict[str, list[str]], dict[int, list[str]], list[str]]:
    estate, mail, hub = world.estate, item.mail, item.hub
    inside: dict[str, list[str]] = {}
    outside: dict[int, list[str]] = {}
    lost: list[str] = []
    waiting, seen = list(recipients), set(recipients)
    while waiting:
        address = waiting.pop(0)
        number = remote_of(address)
        if number >= 0:
            outside.setdefault(number, []).append(address)
        elif address in estate.groups:
            members = [member for member in estate.groups[address] if member not in seen]
            seen.update(members)
            waiting += members
            _step(world, item, "EXPAND", members, address)
            here = (hub.name, "hub", None)
            world.hop(mail, "expand", item.moment, item.moment, here, (hub.name, "hub", None, None))
            world.leg(mail, address, "expanded", item.moment)
        elif address in estate.redirects and estate.redirects[address] not in seen:
            other = estate.redirects[address]
            seen.add(other)
            waiting.append(other)
            _step(world, item, "REDIRECT", [other], address)
            here = (hub.name, "hub", None)
            world.hop(mail, "fork", item.moment, item.moment, here, (hub.name, "hub", None, None))
            world.leg(mail, address, "redirected", item.moment)
        elif address in estate.aliases and estate.aliases[address] not in seen:
            other = estate.aliases[address]
            seen.add(other)
            waiting.append(other)
            _step(world, item, "RESOLVE", [other], address)
        elif address in estate.by_address:
            inside.setdefault(estate.by_address[address].home.name, []).append(address)
        else:
            lost.append(address)
    return inside, outside, lost


def _step(world: World, item: Item, event: str, recipients: list[str], related: str) -> None:
    item.moment += 2_000
    track(
        world, item.moment, item.hub, event, "ROUTING", mail=item.mail, target=("", item.hub.name),
        internal_id=item.internal_id, recipients=recipients, related=related,
        context=related if event == "RESOLVE" else "",
    )  # fmt: skip


def _fork(world: World, item: Item, groups: list[list[str]]) -> Item:
    """Splits off the recipients outside: they get a queue entry of their own."""
    addresses = [address for group in groups for address in group]
    item.moment += 3_000
    fork = Item(item.mail, item.hub, world.queue_id(item.hub), item.moment)
    track(
        world, item.moment, item.hub, "TRANSFER", "ROUTING", mail=item.mail, target=("", item.hub.name),
        context="CatContentConversion", internal_id=fork.internal_id, recipients=addresses,
        reference=str(item.internal_id),
    )  # fmt: skip
    here = (item.hub.name, "hub", None)
    world.hop(item.mail, "fork", item.moment, item.moment, here, (item.hub.name, "hub", None, None))
    return fork


def _fail(world: World, item: Item, failures: dict[str, tuple[str, str, str, str]]) -> None:
    """Gives up on recipients and, unless the message is a report itself, reports to its sender."""
    mail, hub = item.mail, item.hub
    item.moment += 5_000
    report = None
    if mail.return_path:
        report = world.new_mail(item.moment, REPORT_SENDER, [mail.return_path], hub.fqdn, subject="", return_path="")
        report.subject = f"Undeliverable: {mail.subject}"
        report.directionality = "Originating"
        report.is_probe = mail.is_probe
    for address, (reply, host, ip, source) in failures.items():
        status = bracket(reply, host, ip, world.stamp(hub, item.moment)) if host else reply
        track(
            world, item.moment, hub, "FAIL", source, mail=mail, client=(hub.ip, hub.fqdn) if host else ("", ""),
            target=(ip, host), internal_id=item.internal_id, recipients=[address], statuses=[status],
            reference=report.message_id if report else "",
        )  # fmt: skip
        world.leg(mail, address, "failed", item.moment)
    if report is not None:
        _report(world, hub, mail, report, item.moment + 20_000)


def _report(world: World, hub: Server, cause: Mail, report: Mail, moment: int) -> None:
    item = Item(report, hub, world.queue_id(hub), moment)
    track(
        world, moment, hub, "DSN", "DSN", mail=report, target=("", hub.name), internal_id=item.internal_id,
        recipients=report.recipients, reference=cause.message_id,
    )  # fmt: skip
    here = (hub.name, "hub", None)
    world.hop(report, "dsn", moment, moment, here, (hub.name, "hub", None, None))
    item.moment += 5_000
    route(world, item, report.recipients)
