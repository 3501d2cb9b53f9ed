"""Centralised mail transport: mail that passes the cloud and this organisation on its way to the other, or out.

Source: Microsoft Learn, "Transport options in Exchange hybrid deployments".
"""

from __future__ import annotations

from tracelens.simulate.borders import CLOUD_SENDER
from tracelens.simulate.cloud import PUBLIC_IP, told
from tracelens.simulate.estate import INTERNAL, REMOTES
from tracelens.simulate.flows import accept, outsider, pick_people, pick_server, submit
from tracelens.simulate.world import CLOUD_NAME, Mail, World
from tracelens.simulate.writer import SECOND

HOST = "AM0PR01MB1234.eurprd01.prod.outlook.com"


def round_trip(world: World, moment: int) -> None:
    """Flow: Internet to the cloud, by way of this organisation, back to a mailbox in the cloud."""
    remote = REMOTES[world.rng.randrange(2)]
    address = world.rng.choice(sorted(a for a in world.estate.aliases if ".cloud@" in a))
    mail = world.new_mail(moment, f"office@{remote.domain}", [address], remote.domain)
    _out_of_cloud(world, mail, moment, remote.ip)


def out_by_us(world: World, moment: int) -> None:
    """Flow: a mailbox in the cloud to the Internet by way of this organisation."""
    mail = world.new_mail(moment, f"uma.cloud@{INTERNAL}", [outsider(world, world.rng.randrange(2))], HOST)
    _out_of_cloud(world, mail, moment, "198.51.100.240")


def out_by_cloud(world: World, moment: int) -> None:
    """Flow: a mailbox here to the Internet by way of the cloud."""
    person = pick_people(world, 1)[0]
    mail = world.new_mail(moment, person.address, [f"sales@{REMOTES[world.rng.randrange(2)].domain}"], person.home.fqdn)
    mail.by_cloud = True
    submit(world, moment, person, mail, "MOMT")


def _out_of_cloud(world: World, mail: Mail, moment: int, from_ip: str) -> None:
    for address in mail.recipients:
        told(world, mail, address, moment, from_ip, PUBLIC_IP)
    mail.before = world.hop(
        mail, "receive", moment, moment, (None, None, from_ip), (CLOUD_NAME, "cloud", None, None)
    )  # fmt: skip
    accept(world, pick_server(world), CLOUD_SENDER, [mail], moment + 2 * SECOND)
