"""A hub of Exchange 2010 beside the newer servers: listens on 25 itself, delivers over MAPI, knows no network-message-id.

Source: Microsoft Learn, "Message tracking" (2010) and "Coexistence": events and fields of 2010.
"""

from __future__ import annotations

import random

from tracelens.simulate.estate import INTERNAL, INTRA_CONNECTOR, Estate, Person, Server, unique_text
from tracelens.simulate.intake import Item
from tracelens.simulate.smtp import connect
from tracelens.simulate.tracking import track
from tracelens.simulate.world import Mail, World
from tracelens.simulate.writer import stamp

OLD_BUILD = "14.03.0513.000"


def add_old_hub(estate: Estate, rng: random.Random) -> None:
    """Adds the server and two mailboxes on it."""
    hub = Server("HUB10", f"HUB10.{INTERNAL}", "10.0.10.90", 90, f"{rng.getrandbits(160):040X}", is_old=True)
    estate.old_hub = hub
    for name in ("quentin.old", "rosa.old"):
        person = Person(f"{name}@{INTERNAL}", name, hub, unique_text(rng), unique_text(rng))
        estate.old_people.append(person)
        estate.by_address[person.address] = person


def hand_to_old(world: World, item: Item, recipients: list[str], old: Server) -> Item:
    """Passes a message from a newer hub to the old one, which listens on 25."""
    mail, hub = item.mail, item.hub
    talk = connect(world, (hub, "hub", INTRA_CONNECTOR), (old, "hub", 25, f"Default {old.name}"), item.moment + 2_000)
    assert talk.server is not None
    started = talk.moment
    noted = talk.mail(mail, mail.return_path, recipients, item.internal_id)
    talk.body(mail, chunked=True)
    there = Item(mail, old, world.queue_id(old), talk.moment)
    reply = f"250 2.6.0 {mail.message_id} [InternalId={there.internal_id}] Queued mail for delivery"
    talk.wait(1_500)
    track(
        world, talk.moment, old, "RECEIVE", mail=mail, client=(hub.ip, hub.fqdn), target=(old.ip, old.name),
        context=";".join(noted.split(";")[:2]) + ";0", connector=f"{old.name}\\Default {old.name}",
        internal_id=there.internal_id, recipients=recipients, info="0cI: ",
    )  # fmt: skip
    talk.answer(reply)
    there.moment = talk.moment
    there.hop = world.hop(
        mail, "transfer", started, talk.moment, (hub.name, "hub", hub.ip), (old.name, "hub", old.ip, 25),
        INTRA_CONNECTOR, talk.server.connector, item.hop,
    )  # fmt: skip
    moment = talk.moment + 400
    track(
        world, moment, hub, "SEND", mail=mail, client=(hub.ip, hub.fqdn), target=(old.ip, old.fqdn),
        context=f";{reply};ClientSubmitTime:", connector=INTRA_CONNECTOR, internal_id=item.internal_id,
        recipients=recipients, statuses=["250 2.1.5 Recipient OK"] * len(recipients),
    )  # fmt: skip
    talk.end()
    item.moment = moment
    return there


def deliver_old(world: World, item: Item, recipients: list[str]) -> None:
    """Delivers to mailboxes over MAPI: one row, no conversation."""
    mail, hub = item.mail, item.hub
    item.moment += 30_000 + world.rng.randrange(90_000)
    track(
        world, item.moment, hub, "DELIVER", "STOREDRIVER", mail=mail, client=(hub.ip, hub.name),
        target=(hub.ip, hub.fqdn), internal_id=item.internal_id, recipients=recipients,
        info=f"{stamp(mail.sent_at)};SRV={hub.fqdn}:TOTAL={max(0, item.moment - mail.sent_at) // 1_000_000}",
    )  # fmt: skip
    world.hop(
        mail, "deliver", item.moment, item.moment, (hub.name, "hub", hub.ip), (hub.name, "delivery", hub.ip, None),
        parent=item.hop,
    )  # fmt: skip
    for recipient in recipients:
        world.leg(mail, recipient, "delivered", item.moment)


def submit_old(world: World, moment: int, person: Person, mail: Mail) -> Item:
    """Takes a message out of an Outbox of the old server over MAPI."""
    hub = person.home
    event = world.event_number(person.database)
    context = f"MDB:{person.database}, Mailbox:{person.mailbox}, Event:{event}, MessageClass:IPM.Note"
    mail.sent_at, mail.directionality = moment - 1_000_000, "Originating"
    local = (hub.ip, hub.name)
    track(
        world, moment, hub, "SUBMIT", "STOREDRIVER", log="tracking_mailbox", mail=mail, client=local,
        target=(hub.ip, hub.name), context=context, recipients=mail.recipients,
    )  # fmt: skip
    item = Item(mail, hub, world.queue_id(hub), moment + 60_000)
    track(
        world, item.moment, hub, "RECEIVE", "STOREDRIVER", mail=mail, client=local, target=(hub.ip, hub.name),
        context=context, internal_id=item.internal_id, recipients=mail.recipients, info="04I: ",
    )  # fmt: skip
    item.hop = world.hop(
        mail, "submit", moment, item.moment, (hub.name, "submission", hub.ip), (hub.name, "hub", hub.ip, None)
    )
    item.moment += 20_000
    return item
