"""Where mail crosses the border of the organisation: an Edge server in front, Exchange Online beside it, 2010 within.

Source: Microsoft Learn, "Edge Transport servers", "Transport routing in Exchange hybrid deployments".
"""

from __future__ import annotations

import random

from tracelens.simulate.estate import CLOUD, INTERNAL, PROXY_CONNECTOR, REMOTES, Estate, Server
from tracelens.simulate.flows import Caller, accept, outsider, pass_on, pick_people, pick_server
from tracelens.simulate.intake import Item, take
from tracelens.simulate.legacy import submit_old
from tracelens.simulate.smtp import connect, listen
from tracelens.simulate.tracking import track
from tracelens.simulate.transport import route
from tracelens.simulate.world import Mail, World

CLOUD_SENDER = Caller(
    "198.51.100.210", "EUR05-DB8-obe.outbound.protection.outlook.com", trust="mail.protection.outlook.com"
)
EDGE_CONNECTOR = "EdgeSync - Inbound to Default-First-Site-Name"


def add_edge(estate: Estate, rng: random.Random) -> None:
    """Adds an Edge server, through which mail of the Internet comes and goes."""
    thumbprint = f"{rng.getrandbits(160):040X}"
    estate.edge = Server("EDGE1", "EDGE1.contoso.net", "10.0.50.5", 50, thumbprint, service="edge")


def add_cloud(estate: Estate) -> None:
    """Adds people whose mailbox is in Exchange Online; their address here resolves to the one there."""
    for name in ("uma.cloud", "viktor.cloud"):
        estate.aliases[f"{name}@{INTERNAL}"] = f"{name}@{CLOUD.domain}"


def from_internet_by_edge(world: World, moment: int) -> None:
    """Flow: Internet to Edge, Edge to a front end, on to a hub."""
    edge, rng = world.estate.edge, world.rng
    assert edge is not None
    remote = REMOTES[rng.randrange(len(REMOTES))]
    mail = _mail(world, moment, f"office@{remote.domain}", remote.domain, [p.address for p in pick_people(world, 2)])
    mail.origin_ip = remote.ip
    name = f"Default internal receive connector {edge.name}"
    talk = listen(world, edge, "edge", 25, name, f"{remote.ip}:{rng.randint(20_000, 65_000)}", moment, 18_000)
    talk.say(f"EHLO {remote.host}")
    talk.capabilities("frontend", edge.fqdn, remote.ip)
    started = talk.moment
    noted = talk.mail(mail, mail.return_path, mail.recipients)
    talk.body(mail, chunked=False)
    item = take(world, talk, noted, mail, edge, mail.recipients, name, (remote.ip, remote.host))
    item.hop = world.hop(
        mail, "receive", started, talk.moment, (None, None, remote.ip), (edge.name, "edge", edge.ip, 25), None,
        f"{edge.name}\\{name}",
    )  # fmt: skip
    talk.end()
    route(world, by_frontend(world, item, mail.recipients, EDGE_CONNECTOR), mail.recipients)


def from_cloud(world: World, moment: int) -> None:
    """Flow: Exchange Online to a mailbox here, or by way of this organisation to the Internet."""
    rng = world.rng
    inside = rng.random() < 0.6
    recipients = [pick_people(world, 1)[0].address] if inside else [outsider(world, rng.randrange(2))]
    mail = _mail(world, moment, f"uma.cloud@{INTERNAL}", "AM0PR01MB1234.eurprd01.prod.outlook.com", recipients)
    accept(world, pick_server(world), CLOUD_SENDER, [mail], moment)


def to_cloud(world: World, moment: int) -> None:
    """Flow: Internet to a front end here, on to a mailbox in Exchange Online."""
    remote = REMOTES[world.rng.randrange(len(REMOTES))]
    address = world.rng.choice(sorted(a for a in world.estate.aliases if ".cloud@" in a))
    mail = _mail(world, moment, f"office@{remote.domain}", remote.domain, [address])
    accept(world, pick_server(world), Caller(remote.ip, remote.host), [mail], moment)


def to_old(world: World, moment: int) -> None:
    """Flow: Internet to a mailbox on the old hub and one on a newer server."""
    remote = REMOTES[world.rng.randrange(len(REMOTES))]
    recipients = [world.rng.choice(world.estate.old_people).address, pick_people(world, 1)[0].address]
    mail = _mail(world, moment, f"office@{remote.domain}", remote.domain, recipients)
    accept(world, pick_server(world), Caller(remote.ip, remote.host), [mail], moment)


def from_old(world: World, moment: int) -> None:
    """Flow: a mailbox of the old hub to one beside it, or to one on a newer server."""
    person, other = world.estate.old_people
    inside = world.rng.random() < 0.5
    recipients = [other.address if inside else pick_people(world, 1)[0].address]
    mail = _mail(world, moment, person.address, person.home.fqdn, recipients)
    item = submit_old(world, moment, person, mail)
    route(
        world,
        item if inside else by_frontend(world, item, recipients, "Intra-Organization SMTP Send Connector"),
        recipients,
    )


def same_id_twice(world: World, moment: int) -> None:
    """Flow: two messages that carry one message-id, minutes apart, to two people."""
    first, second = pick_people(world, 2)
    remote = REMOTES[0]
    mail = _mail(world, moment, f"billing@{remote.domain}", remote.domain, [first.address])
    again = _mail(world, moment, mail.sender, remote.domain, [second.address])
    again.message_id = mail.message_id
    accept(world, pick_server(world), Caller(remote.ip, remote.host), [mail], moment)
    accept(world, pick_server(world), Caller(remote.ip, remote.host), [again], moment + 300_000_000)


def by_frontend(world: World, item: Item, recipients: list[str], connector: str) -> Item:
    """Sends from an Edge server or an old hub to port 25 of a front end, which passes it on to a hub."""
    mail, sender = item.mail, item.hub
    frontend, hub = pick_server(world), pick_server(world)
    target = (frontend, "frontend", 25, f"Default Frontend {frontend.name}")
    talk = connect(world, (sender, sender.service, connector), target, item.moment + 2_000)
    assert talk.server is not None
    started = talk.moment
    talk.mail(mail, mail.return_path, recipients, item.internal_id)
    talk.body(mail, chunked=True)
    target = (hub, "hub", 2525, f"Default {hub.name}")
    proxy = connect(world, (frontend, "frontend", PROXY_CONNECTOR), target, talk.moment, talk.server.session_id)
    mail.origin_ip = sender.ip
    there, proxied_at = pass_on(world, proxy, talk, frontend, hub, Caller(sender.ip, sender.fqdn), mail, recipients, 1)
    first = world.hop(
        mail, "receive", started, talk.moment, (sender.name, sender.service, sender.ip),
        (frontend.name, "frontend", frontend.ip, 25), connector, talk.server.connector, item.hop,
    )  # fmt: skip
    there.hop = world.hop(
        mail, "proxy", proxied_at, there.moment, (frontend.name, "frontend", frontend.ip),
        (hub.name, "hub", hub.ip, 2525), PROXY_CONNECTOR, f"{hub.name}\\Default {hub.name}", first,
    )  # fmt: skip
    track(
        world, talk.moment + 400, sender, "SEND", mail=mail, client=(sender.ip, sender.fqdn),
        target=(frontend.ip, frontend.fqdn), context=f";{world.last_reply};ClientSubmitTime:", connector=connector,
        internal_id=item.internal_id, recipients=recipients, statuses=["250 2.1.5 Recipient OK"] * len(recipients),
    )  # fmt: skip
    proxy.end()
    talk.end()
    return there


def _mail(world: World, moment: int, sender: str, host: str, recipients: list[str]) -> Mail:
    return world.new_mail(moment, sender, recipients, host)
