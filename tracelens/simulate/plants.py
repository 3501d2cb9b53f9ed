"""Plants the troubles of the catalogue: each at an address, a server and a time of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tracelens.simulate.catalogue import PLANTS, Plant
from tracelens.simulate.estate import INTERNAL, INTERNET_CONNECTOR, Remote, Server
from tracelens.simulate.flows import Caller, open_frontend, pick_people
from tracelens.simulate.outbound import bracket, open_foreign
from tracelens.simulate.smtp import Session, listen
from tracelens.simulate.tracking import track
from tracelens.simulate.world import World
from tracelens.simulate.writer import SECOND

Planned = tuple[float, Callable[[int], None]]
FIRST, LAST = 0.015, 0.985


def planned(world: World) -> list[Planned]:
    """Gives the place of each plant in the working day (0 to 1) and what begins there."""
    servers = world.estate.servers
    step = (LAST - FIRST) / len(PLANTS)
    return [
        (FIRST + number * step, partial(_plant, world, servers[number % len(servers)], address(number), plant))
        for number, plant in enumerate(PLANTS)
    ]


def address(number: int) -> str:
    """Gives the address that a plant has for itself."""
    return f"203.0.113.{120 + number}" if number < 130 else f"198.51.100.{number}"


def _plant(world: World, server: Server, ip: str, plant: Plant, moment: int) -> None:
    plays = {"answer": _client, "note": _client, "typed": _client, "told": _told, "peer": _peer, "peer note": _peer}
    for number in range(plant.count):
        plays[plant.how](world, server, ip, plant, moment + number * plant.every_s * SECOND)


def _client(world: World, server: Server, ip: str, plant: Plant, moment: int) -> None:
    """A client is answered so, has this written about it, or types this."""
    name = f"Default Frontend {server.name}"
    world.tally(plant.rule, server, ip, f"{server.name}\\{name}", moment)
    host = f"host-{ip.rsplit('.', 1)[1]}.example.com"
    if plant.step == "connect":
        side = Session(world, server, "frontend", "receive", f"{server.name}\\{name}", f"{server.ip}:25", f"{ip}:40210")
        side.row(moment, "+")
        side.row(moment + 900, ">", plant.text)
        side.row(moment + 1_200, "-", "", "Local")
        return
    if plant.how == "typed":
        talk = listen(world, server, "frontend", 25, name, f"{ip}:{world.rng.randint(20_000, 65_000)}", moment, 18_000)
        for command, reply in plant.lines:
            if command == "*":
                context, _, data = reply.partition("|")
                talk.note(talk.server, data, context)
                continue
            if command:
                talk.say(command)
            talk.answer(reply.replace("EX.contoso.com", server.fqdn))
        talk.end("Local" if plant.step == "cut" else "Remote", farewell=False)
        return
    talk = open_frontend(world, server, Caller(ip, host, "" if plant.step == "starttls" else "TLS1_2"), moment)
    talk.is_pipelined = False
    if plant.step in ("login", "starttls"):
        talk.say("AUTH CRAM-MD5" if plant.step == "login" else "STARTTLS")
        if plant.how == "note":
            talk.answer("220 2.0.0 SMTP server ready")
            talk.note(talk.server, "", plant.text)
            talk.end("Local", farewell=False)
            return
        talk.answer(plant.text)
    else:
        person = pick_people(world, 1)[0]
        mail = world.new_mail(moment, f"office@{host}", [person.address], host)
        refusal = plant.text if plant.step == "mail" else ""
        talk.envelope(mail, mail.sender, [(person.address, plant.text if plant.step == "rcpt" else "")], None, refusal)
        if plant.step == "body":
            talk.body(mail, chunked=False)
            talk.answer(plant.text)
    talk.end("Local", farewell=not plant.text.startswith("421"))


def _peer(world: World, server: Server, ip: str, plant: Plant, moment: int) -> None:
    """A system outside answers a hub so; the message is not in tracking, as if its log were not here."""
    world.tally(plant.rule, server, ip, INTERNET_CONNECTOR, moment)
    remote = Remote("example.org", f"mx-{ip.rsplit('.', 1)[1]}.example.org", ip, "postfix")
    local = f"{server.ip}:{world.rng.randint(10_000, 60_000)}"
    session = Session(world, server, "hub", "send", INTERNET_CONNECTOR, local, f"{ip}:25")
    talk = open_foreign(world, session, remote, moment)
    talk.is_pipelined = False
    if plant.how == "peer note":
        talk.note(session, "", plant.text)
        talk.end("Local", farewell=False)
        return
    if plant.step in ("login", "starttls"):
        talk.say("AUTH LOGIN" if plant.step == "login" else "STARTTLS")
        talk.answer(plant.text)
        talk.end()
        return
    person = pick_people(world, 1)[0]
    mail = world.new_mail(moment, person.address, ["office@example.org"], person.home.fqdn)
    refusal = plant.text if plant.step == "mail" else ""
    talk.envelope(
        mail, mail.sender, [("office@example.org", plant.text if plant.step == "rcpt" else "")], None, refusal
    )
    if plant.step == "body":
        talk.body(mail, chunked=False)
        talk.answer(plant.text)
    talk.end("Local", farewell=not plant.text.startswith("421"))


def _told(world: World, server: Server, _: str, plant: Plant, moment: int) -> None:
    """A tracking row tells of a message that came in a moment before."""
    event, source = plant.step.split("/")
    person, sender = pick_people(world, 2)
    mail = world.new_mail(moment, sender.address, [f"{plant.rule}@{INTERNAL}"], person.home.fqdn)
    queue = world.queue_id(server)
    track(
        world, moment - 2 * SECOND, server, "RECEIVE", "STOREDRIVER", mail=mail, internal_id=queue,
        recipients=mail.recipients, client=(server.ip, server.fqdn), target=(server.ip, server.fqdn),
    )  # fmt: skip
    is_sent = source in ("SMTP", "STOREDRIVER", "QUEUE") and event in ("FAIL", "DEFER") and plant.text != ""
    status = bracket(plant.text, server.fqdn, server.ip, world.stamp(server, moment)) if is_sent else plant.text
    track(
        world, moment, server, event, source, mail=mail, internal_id=queue, recipients=mail.recipients,
        statuses=[status] if status else None, target=(server.ip, server.fqdn) if is_sent else ("", ""),
    )  # fmt: skip
    world.tally(plant.rule, server, "", "", moment)
