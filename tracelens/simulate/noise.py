"""What fills real logs without being mail: health probes and the load balancer's knocking."""

from __future__ import annotations

from tracelens.simulate.estate import INTERNAL, LOAD_BALANCER, Person, Server, unique_text
from tracelens.simulate.flows import Caller, open_frontend, submit
from tracelens.simulate.smtp import listen
from tracelens.simulate.world import World

PROBE_SENDER = "maildeliveryprobe@maildeliveryprobe.com"


def health_mailbox(world: World, server: Server) -> Person:
    """Gives the mailbox by which a server tests itself; made at the first call."""
    for person in world.estate.health:
        if person.home is server:
            return person
    number = world.rng.getrandbits(128)
    home = next(person for person in world.estate.people if person.home is server)
    address = f"HealthMailbox{number:032x}@{INTERNAL}"
    person = Person(address, f"HealthMailbox{number:032x}"[:20], server, home.database, unique_text(world.rng))
    world.estate.health.append(person)
    world.estate.by_address[address] = person
    return person


def probe_frontend(world: World, moment: int, server: Server) -> None:
    """A server connects to its own front end, names a health mailbox and leaves before any data."""
    caller = Caller("127.0.0.1", server.fqdn, tls="", pace=1_500)
    talk = open_frontend(world, server, caller, moment)
    talk.is_pipelined = False
    mail = world.new_mail(moment, PROBE_SENDER, [health_mailbox(world, server).address], server.fqdn)
    talk.mail(mail, PROBE_SENDER, mail.recipients)
    talk.say("RSET")
    talk.answer("250 2.0.0 Resetting")
    talk.end()


def probe_mailbox(world: World, moment: int, server: Server) -> None:
    """A health mailbox sends to itself; not part of the truth."""
    person = health_mailbox(world, server)
    mail = world.new_mail(moment, person.address, [person.address], server.fqdn, is_probe=True)
    mail.subject = "Client submission probe"
    mail.size = 1_900
    submit(world, moment, person, mail, "Monitoring")


def knock(world: World, moment: int, server: Server) -> None:
    """The load balancer connects, reads the greeting and hangs up."""
    remote = f"{LOAD_BALANCER}:{world.rng.randint(20_000, 65_000)}"
    talk = listen(world, server, "frontend", 25, f"Default Frontend {server.name}", remote, moment, 1_500)
    talk.end("Remote", farewell=False)
