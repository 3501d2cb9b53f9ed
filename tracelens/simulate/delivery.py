"""From a queue to a mailbox: over 475 to the mailbox server, or first over 2525 to another hub."""

from __future__ import annotations

from tracelens.simulate.estate import EDGE_OUT_CONNECTOR, INTRA_CONNECTOR, Server
from tracelens.simulate.intake import Item, take
from tracelens.simulate.smtp import Talk, connect
from tracelens.simulate.tracking import latency, track
from tracelens.simulate.world import World
from tracelens.simulate.writer import SECOND, stamp

FULL = "550 5.2.2 STOREDRV.Deliver; mailbox is over its quota and cannot take more mail"


def release(world: World, key: tuple[str, str], talk: Talk) -> None:
    """Ends a conversation, or leaves it open for the next message to the same place."""
    chance = 0.12
    if (world.keep_open or world.rng.random() < chance) and key not in world.pool:
        world.pool[key] = (talk, int((2 + 8 * world.rng.random()) * SECOND))
        return
    talk.end()


def reuse(world: World, key: tuple[str, str], moment: int) -> Talk | None:
    """Gives an open conversation to the same place, if it is idle."""
    found = world.pool.get(key)
    if found is None or found[0].moment >= moment or moment - found[0].moment >= found[1]:
        return None
    del world.pool[key]
    found[0].moment = moment
    return found[0]


def expire(world: World, moment: int | None) -> None:
    """Closes conversations that have been idle for long; all of them if the moment is None."""
    for key, (talk, patience) in list(world.pool.items()):
        if moment is None or talk.moment + patience <= moment:
            del world.pool[key]
            talk.moment += patience
            talk.end()


def deliver(world: World, item: Item, recipients: list[str], home: Server, is_again: bool = False) -> str:
    """Delivers to mailboxes or public folders of one server; if it has the message already, it takes nothing.

    Returns:
        The refusal of the mailbox service, empty if it took the message.
    """
    mail, hub = item.mail, item.hub
    key = (hub.name, f"475/{home.name}")
    started = item.moment + 2_000
    talk = reuse(world, key, started)
    if talk is None:
        target = (home, "delivery", 475, f"Default Mailbox Delivery {home.name}")
        talk = connect(world, (hub, "hub", INTRA_CONNECTOR), target, started)
    started = talk.moment
    noted = talk.mail(mail, mail.return_path, recipients, item.internal_id)
    talk.body(mail, chunked=True)
    assert talk.client is not None and talk.server is not None
    refusal = FULL if not is_again and recipients == [world.estate.full_mailbox] else ""
    delivered = talk.moment + 15_000 + int(world.rng.random() * 90_000)
    context = ";".join(noted.split(";")[:2]) + ";ClientSubmitTime:"
    context += stamp(mail.submitted_at) if mail.submitted_at else ""
    done = "DUPLICATEDELIVER" if is_again else "DELIVERFAIL" if refusal else "DELIVER"
    source = "PUBLICFOLDER" if recipients[0] in world.estate.folders else "STOREDRIVER"
    track(
        world, delivered, home, done, source, log="tracking_delivery",
        mail=mail, client=(hub.ip, hub.fqdn), target=(home.ip, home.fqdn), context=context,
        internal_id=item.internal_id, recipients=recipients, statuses=[refusal] if refusal else None,
        info=latency(world, mail, home, "DEL", delivered),
        custom=f"S:MailboxDatabaseGuid={_database(world, recipients[0])};S:MailboxDatabaseName=DB-{home.name};S:IncludeInSla=True",
    )  # fmt: skip
    talk.moment = delivered + 1_000
    talk.answer(refusal or f"250 2.0.0 OK {mail.message_id} [Hostname={home.fqdn}]")
    world.hop(
        mail, "deliver", started, delivered, (hub.name, "hub", hub.ip), (home.name, "delivery", home.ip, 475),
        INTRA_CONNECTOR, talk.server.connector, item.hop,
    )  # fmt: skip
    if refusal:
        world.tally("delivery-mailbox-full", home, hub.ip, talk.server.connector, delivered)
    else:
        moment = talk.moment + 400
        submit = stamp(mail.submitted_at) if mail.submitted_at else ""
        track(
            world, moment, hub, "SEND", mail=mail, client=(hub.ip, hub.fqdn), target=(home.ip, home.fqdn),
            context=f";250 2.0.0 OK {mail.message_id} [Hostname={home.fqdn}];ClientSubmitTime:{submit}",
            connector=INTRA_CONNECTOR, internal_id=item.internal_id, recipients=recipients,
            statuses=["250 2.1.5 Recipient OK"] * len(recipients), info=latency(world, mail, hub, "HUB", moment),
            custom=f"S:E2ELatency={(moment - mail.sent_at) / SECOND:.3f};S:MsgRecipCount={len(recipients)}",
        )  # fmt: skip
        for recipient in recipients if not is_again else []:
            world.leg(mail, recipient, "delivered", delivered)
    item.moment = talk.moment + 1_000
    release(world, key, talk)
    return refusal


def hand_over(world: World, item: Item, recipients: list[str], other: Server) -> Item:
    """Passes a message to the hub of another server; gives its queue entry there."""
    mail, hub = item.mail, item.hub
    is_edge = other.service == "edge"
    port, name = (
        (25, f"Default internal receive connector {other.name}") if is_edge else (2525, f"Default {other.name}")
    )
    connector = EDGE_OUT_CONNECTOR if is_edge else INTRA_CONNECTOR
    talk = connect(world, (hub, "hub", connector), (other, other.service, port, name), item.moment + 2_000)
    assert talk.server is not None
    started = talk.moment
    noted = talk.mail(mail, mail.return_path, recipients, item.internal_id)
    talk.body(mail, chunked=True)
    there = take(world, talk, noted, mail, other, recipients, name, (hub.ip, hub.fqdn))
    there.hop = world.hop(
        mail, "transfer", started, talk.moment, (hub.name, "hub", hub.ip), (other.name, other.service, other.ip, port),
        connector, talk.server.connector, item.hop,
    )  # fmt: skip
    moment = talk.moment + 400
    submit = stamp(mail.submitted_at) if mail.submitted_at else ""
    reply = f"250 2.6.0 {mail.message_id} [InternalId={there.internal_id}, Hostname={other.fqdn}]"
    reply += f" {mail.size} bytes in 0.112, 98.250 KB/sec" if world.is_joined else ""
    track(
        world, moment, hub, "SEND", mail=mail, client=(hub.ip, hub.fqdn), target=(other.ip, other.fqdn),
        context=f";{reply} Queued mail for delivery;ClientSubmitTime:{submit}", connector=connector,
        internal_id=item.internal_id, recipients=recipients, statuses=["250 2.1.5 Recipient OK"] * len(recipients),
        info=latency(world, mail, hub, "HUB", moment),
    )  # fmt: skip
    talk.end()
    item.moment = moment
    return there


def _database(world: World, address: str) -> str:
    person = world.estate.by_address.get(address)
    return person.database if person else ""
