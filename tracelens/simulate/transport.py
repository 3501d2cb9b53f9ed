"""The Transport service sorts recipients: groups, forwards, other names, strangers; then sends and gives up."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracelens.simulate.copies import approve, forward, journal, resubmit
from tracelens.simulate.delivery import FULL, deliver, hand_over
from tracelens.simulate.estate import CLOUD, CLOUD_CONNECTOR, EDGE_OUT_CONNECTOR, REMOTES, REPORT_SENDER, Server
from tracelens.simulate.intake import Item
from tracelens.simulate.legacy import deliver_old, hand_to_old
from tracelens.simulate.outbound import bracket, send_out
from tracelens.simulate.tracking import track
from tracelens.simulate.world import Mail, World

NOT_FOUND = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"


@dataclass
class Sorted:
    """Where the recipients of a message are: by mailbox server, by outside system, waiting for a moderator, nowhere."""

    inside: dict[str, list[str]] = field(default_factory=dict)
    outside: dict[int, list[str]] = field(default_factory=dict)
    moderated: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def remote_of(address: str) -> int:
    """Gives the number of the outside system that takes mail for an address; -1 for our own."""
    domain = address.rsplit("@", 1)[1]
    for number, remote in enumerate(REMOTES):
        if domain == remote.domain:
            return number
    return len(REMOTES) if domain == CLOUD.domain else -1


def route(world: World, item: Item, recipients: list[str], may_transfer: bool = False) -> None:
    """Sends a queued message on its ways; every recipient ends with a leg."""
    found = _resolve(world, item, recipients)
    inside, outside = found.inside, found.outside
    failures = dict.fromkeys(found.lost, (NOT_FOUND, "", "", "ROUTING"))
    away = _fork(world, item, list(outside.values())) if inside and outside else item
    copies = journal(world, item)
    for home_name, addresses in inside.items():
        copies += _inside(world, item, home_name, addresses, may_transfer)
    away.moment = max(away.moment, item.moment)
    for number, addresses in outside.items():
        remote = CLOUD if item.mail.by_cloud else (*REMOTES, CLOUD)[number]
        edge, sender, connector = world.estate.edge, away, CLOUD_CONNECTOR if remote is CLOUD else ""
        if edge is not None and not any(address.startswith(("nobody.", "slow.")) for address in addresses):
            sender, connector = hand_over(world, away, addresses, edge), EDGE_OUT_CONNECTOR
        outcome = send_out(world, sender, addresses, remote, connector)
        if outcome.refused:
            _fail(world, sender, {a: (reply, remote.host, remote.ip, "SMTP") for a, reply in outcome.refused.items()})
    for address in found.moderated:
        request, release = approve(world, item, address)
        copies.append(request)
        if release is None:
            failures[address] = ("550 5.7.1 APPROVAL.Rejected; the moderator rejected the message", "", "", "APPROVAL")
        else:
            route(world, release, world.estate.moderated[address][1])
    if failures:
        _fail(world, item, failures)
    for copy in copies:
        route(world, copy, copy.mail.recipients)


def _inside(world: World, item: Item, home_name: str, addresses: list[str], may_transfer: bool) -> list[Item]:
    """Delivers to the mailboxes of one server; gives the copies that inbox rules make."""
    estate = world.estate
    old = estate.old_hub
    if old is not None and home_name == old.name:
        there = item if item.hub is old else hand_to_old(world, item, addresses, old)
        deliver_old(world, there, addresses)
        return []
    home = next(server for server in estate.servers if server.name == home_name)
    there = item
    if may_transfer and home is not item.hub and world.rng.random() < 0.5:
        there = hand_over(world, item, addresses, home)
    refusal = deliver(world, there, addresses, home)
    if refusal:
        _fail(world, there, {addresses[0]: (FULL, home.fqdn, home.ip, "STOREDRIVER")})
        return []
    if not item.mail.is_probe and world.rng.random() < 0.02:
        resubmit(world, there, addresses, home)
    return [forward(world, there, address) for address in addresses if address in estate.forwards]


def _resolve(world: World, item: Item, recipients: list[str]) -> Sorted:
    estate, mail, hub = world.estate, item.mail, item.hub
    found = Sorted()
    here = (hub.name, hub.service, None)
    waiting, seen = list(recipients), set(recipients)
    opened: dict[str, int] = {}
    while waiting:
        address = waiting.pop(0)
        number = remote_of(address)
        if number >= 0:
            found.outside.setdefault(number, []).append(address)
        elif address in estate.groups:
            members = [member for member in estate.groups[address] if member not in seen]
            seen.update(members)
            waiting += members
            shown = [] if address in estate.hidden else members
            _step(world, item, "EXPAND", shown, address)
            parent = opened.get(address, item.hop)
            moment = item.moment
            hop = world.hop(mail, "expand", moment, moment, here, (*here, None), parent=parent)
            opened.update(dict.fromkeys(shown, hop))
            world.leg(mail, address, "expanded", item.moment)
        elif address in estate.redirects and estate.redirects[address] not in seen:
            other = estate.redirects[address]
            seen.add(other)
            waiting.append(other)
            _step(world, item, "REDIRECT", [other], address)
            world.hop(mail, "fork", item.moment, item.moment, here, (*here, None), parent=opened.get(address, item.hop))
            world.leg(mail, address, "redirected", item.moment)
        elif address in estate.aliases and estate.aliases[address] not in seen:
            other = estate.aliases[address]
            seen.add(other)
            waiting.append(other)
            _step(world, item, "RESOLVE", [other], address)
        elif address in estate.moderated:
            found.moderated.append(address)
        elif address in estate.folders:
            found.inside.setdefault(estate.folders[address].name, []).append(address)
        elif address in estate.by_address:
            found.inside.setdefault(estate.by_address[address].home.name, []).append(address)
        else:
            found.lost.append(address)
    return found


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
    here = (item.hub.name, item.hub.service, None)
    fork.hop = world.hop(item.mail, "fork", item.moment, item.moment, here, (*here, None), parent=item.hop)
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
    here = (hub.name, hub.service, None)
    item.hop = world.hop(report, "dsn", moment, moment, here, (*here, None))
    world.cause(report, "dsn", cause, moment)
    item.moment += 5_000
    route(world, item, report.recipients)
