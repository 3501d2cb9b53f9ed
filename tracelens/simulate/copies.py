"""What makes further copies of a message: journal, inbox rule, moderator, and Exchange's own insurance.

Source: Microsoft Learn, "Message tracking" (sources AGENT, APPROVAL, MAILBOXRULE, REDUNDANCY, SAFETYNET; `reference`)
and "Shadow redundancy", "Safety Net".
"""

from __future__ import annotations

from tracelens.simulate.delivery import deliver
from tracelens.simulate.estate import REPORT_SENDER, Server
from tracelens.simulate.intake import Item
from tracelens.simulate.tracking import track
from tracelens.simulate.world import Mail, World
from tracelens.simulate.writer import MINUTE


def journal(world: World, item: Item) -> list[Item]:
    """Makes a journal report if a person on the journal list sent the message."""
    mail = item.mail
    if mail.is_probe or mail.sender not in world.estate.journaled:
        return []
    report = world.new_mail(item.moment, REPORT_SENDER, [world.estate.journal], item.hub.fqdn, return_path="")
    report.subject = mail.subject
    return [_enter(world, item, report, "AGENT", "journal", mail.message_id, "Journaling Agent")]


def forward(world: World, item: Item, address: str) -> Item:
    """An inbox rule sends a delivered message on: a new message, made at the hub that delivered."""
    target = world.estate.forwards[address]
    copy = world.new_mail(item.moment, address, [target], item.hub.fqdn)
    copy.subject, copy.is_probe = f"FW: {item.mail.subject}", item.mail.is_probe
    return _enter(world, item, copy, "MAILBOXRULE", "rule", str(item.internal_id), "")


def approve(world: World, item: Item, address: str) -> tuple[Item, Item | None]:
    """Asks a moderator; gives the request and, if approved, the released message in its new queue entry."""
    mail, hub = item.mail, item.hub
    moderator, _ = world.estate.moderated[address]
    request = world.new_mail(item.moment, REPORT_SENDER, [moderator], hub.fqdn, return_path="")
    request.subject, request.is_probe = f"Approval: {mail.subject}", mail.is_probe
    asked = _enter(world, item, request, "APPROVAL", "moderation", mail.message_id, "")
    track(
        world, item.moment + 900, hub, "INITMESSAGECREATED", "APPROVAL", log="tracking_moderation", mail=mail,
        target=("", hub.name), recipients=[address],
    )  # fmt: skip
    decided = item.moment + MINUTE + world.rng.randrange(4 * MINUTE)
    approved = world.rng.random() < 0.6
    track(
        world, decided, hub, "MODERATORAPPROVE" if approved else "MODERATORREJECT", "APPROVAL",
        log="tracking_moderation", mail=mail, target=("", hub.name), recipients=[address],
    )  # fmt: skip
    item.moment = decided + 3_000
    if not approved:
        return asked, None
    released = Item(mail, hub, world.queue_id(hub), decided + 1_000)
    members = world.estate.moderated[address][1]
    track(
        world, released.moment, hub, "RECEIVE", "APPROVAL", mail=mail, target=("", hub.name),
        internal_id=released.internal_id, recipients=[address], reference=str(item.internal_id),
    )  # fmt: skip
    here = (hub.name, hub.service, None)
    released.hop = world.hop(mail, "fork", released.moment, released.moment, here, (*here, None), parent=item.hop)
    track(
        world, released.moment + 500, hub, "EXPAND", "ROUTING", mail=mail, target=("", hub.name),
        internal_id=released.internal_id, recipients=members, related=address,
    )  # fmt: skip
    moment = released.moment + 500
    world.hop(mail, "expand", moment, moment, here, (*here, None), parent=released.hop)
    world.leg(mail, address, "expanded", moment)
    released.moment += 2_000
    return asked, released


def resubmit(world: World, item: Item, recipients: list[str], home: Server) -> None:
    """Safety Net, or the shadow of a server that fell silent, sends a delivered message once more.

    The store finds the copy it has and takes nothing.
    """
    mail, hub, source, reference = item.mail, item.hub, "SAFETYNET", str(item.internal_id)
    shadow = mail.shadows.get((hub.name, item.internal_id))
    if shadow is not None and world.rng.random() < 0.5:
        hub, source, reference = shadow[0], "REDUNDANCY", str(shadow[1])
    moment = item.moment + 20 * MINUTE + world.rng.randrange(20 * MINUTE)
    again = Item(mail, hub, world.queue_id(hub), moment)
    track(
        world, moment, hub, "RESUBMIT", source, mail=mail, target=("", hub.name), internal_id=again.internal_id,
        recipients=recipients, reference=reference,
    )  # fmt: skip
    here = (hub.name, hub.service, None)
    again.hop = world.hop(mail, "fork", moment, moment, here, (*here, None), parent=item.hop)
    again.moment += 2_000
    deliver(world, again, recipients, home, is_again=True)


def _enter(world: World, item: Item, copy: Mail, source: str, kind: str, reference: str, context: str) -> Item:
    hub, moment = item.hub, item.moment + 700
    copy.directionality = "Originating"
    entry = Item(copy, hub, world.queue_id(hub), moment)
    track(
        world, moment, hub, "RECEIVE", source, mail=copy, target=("", hub.name), internal_id=entry.internal_id,
        recipients=copy.recipients, reference=reference, context=context,
    )  # fmt: skip
    here = (hub.name, hub.service, None)
    entry.hop = world.hop(copy, "fork", moment, moment, here, (*here, None))
    world.cause(copy, kind, item.mail, moment)
    entry.moment += 1_000
    return entry
