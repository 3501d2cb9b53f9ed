"""How mail comes in: from the Internet, from a mailbox, from a client on 587, from a device that relays."""

from __future__ import annotations

from dataclasses import dataclass

from tracelens.simulate.estate import (
    CLIENT_PROXY_CONNECTOR,
    INTERNAL,
    INTRA_CONNECTOR,
    LOAD_BALANCER,
    PROXY_CONNECTOR,
    REMOTES,
    Device,
    Person,
    Server,
    unique_text,
)
from tracelens.simulate.intake import Item, take
from tracelens.simulate.smtp import Talk, connect, listen
from tracelens.simulate.tracking import latency, track
from tracelens.simulate.transport import NOT_FOUND, remote_of, route
from tracelens.simulate.world import CLOUD_NAME, Mail, World


@dataclass
class Caller:
    """Who connects to a front end.

    Attributes:
        trust: Domain of the certificate by which the server takes it for Exchange Online.
    """

    ip: str
    helo: str
    tls: str = "TLS1_2"
    connector: str = ""
    pace: int = 18_000
    trust: str = ""


def pick_server(world: World) -> Server:
    """Gives any server."""
    return world.estate.servers[world.rng.randrange(len(world.estate.servers))]


def pick_people(world: World, count: int) -> list[Person]:
    """Gives different people, never the one whose mailbox is full."""
    return world.rng.sample(world.estate.people[:-1], count)


def outsider(world: World, number: int | None = None) -> str:
    """Gives an address outside; a few do not exist, a few ask to try again later."""
    rng = world.rng
    remote = REMOTES[rng.randrange(len(REMOTES)) if number is None else number]
    roll = rng.random()
    if remote.software == "exchange":
        prefix = "nobody." if roll < 0.03 else ""
    else:
        prefix = "nobody." if roll < 0.04 else "slow.forever." if roll < 0.05 else "slow." if roll < 0.10 else ""
    return f"{prefix}{rng.choice(('sales', 'petra', 'office', 'm.ruiz', 'k.olsen', 'billing'))}@{remote.domain}"


def open_frontend(world: World, frontend: Server, caller: Caller, moment: int, port: int = 25) -> Talk:
    """Opens a session from outside, up to the EHLO that counts."""
    name = caller.connector or f"Default Frontend {frontend.name}"
    remote = f"{caller.ip}:{world.rng.randint(20_000, 65_000)}"
    talk = listen(world, frontend, "frontend", port, name, remote, moment, caller.pace)
    kind = "client" if port == 587 else "frontend"
    talk.say(f"EHLO {caller.helo}")
    talk.capabilities(kind, frontend.fqdn, caller.ip)
    if caller.tls:
        talk.tls("STARTTLS", caller.tls, frontend, frontend.fqdn)
        talk.say(f"EHLO {caller.helo}")
        if world.is_joined and caller.trust:
            granted = f"TlsDomainCapabilities='AcceptCloudServicesMail'; Status='Success'; Domain='{caller.trust}'"
            talk.note(talk.server, "", granted)
        elif world.is_joined:
            talk.note(talk.server, "", "Client certificate chain validation status: 'EmptyCertificate'")
            talk.note(talk.server, "", "TlsDomainCapabilities='None'; Status='NoRemoteCertificate'")
        talk.capabilities(kind, frontend.fqdn, caller.ip, without="STARTTLS")
    talk.is_pipelined = world.rng.random() < 0.3
    return talk


def accept(world: World, frontend: Server, caller: Caller, mails: list[Mail], moment: int) -> None:
    """Takes messages at a front end without logon and passes them to a hub, all in one session.

    Recipients inside that do not exist are refused at once; if nobody is left the message never comes in.
    """
    talk = open_frontend(world, frontend, caller, moment)
    assert talk.server is not None
    hub, proxy = pick_server(world), None
    for number, mail in enumerate(mails):
        mail.origin_ip = caller.ip
        answers = [(address, "" if _is_known(world, address) else NOT_FOUND) for address in mail.recipients]
        taken = [address for address, refusal in answers if not refusal]
        if number:
            talk.wait(int(world.rng.random() * 300_000) + 200_000)
        started = talk.moment
        talk.envelope(mail, mail.return_path, answers)
        if not taken:
            talk.say("RSET")
            talk.answer("250 2.0.0 Resetting")
            continue
        for address, refusal in answers:
            if refusal:
                world.leg(mail, address, "refused", talk.moment)
        talk.body(mail, chunked=world.rng.random() < 0.5)
        correlation = f". Correlation Id:{unique_text(world.rng)}" if world.is_joined else ""
        talk.note(talk.server, "", f"Proxy destination(s) obtained from OnProxyInboundMessage event{correlation}")
        if proxy is None:
            target = (hub, "hub", 2525, f"Default {hub.name}")
            proxy = connect(world, (frontend, "frontend", PROXY_CONNECTOR), target, talk.moment, talk.server.session_id)
        proxy.moment = max(proxy.moment, talk.moment)
        item, proxied_at = pass_on(world, proxy, talk, frontend, hub, caller, mail, taken, number + 1)
        receiver = talk.server.connector
        first = world.hop(
            mail, "receive", started, talk.moment, (*((CLOUD_NAME, "cloud") if mail.before else (None, None)), caller.ip),
            (frontend.name, "frontend", frontend.ip, 25), None, receiver, mail.before,
        )  # fmt: skip
        item.hop = world.hop(
            mail, "proxy", proxied_at, item.moment, (frontend.name, "frontend", frontend.ip),
            (hub.name, "hub", hub.ip, 2525), PROXY_CONNECTOR, f"{hub.name}\\Default {hub.name}", first,
        )  # fmt: skip
        route(world, item, taken)
    if proxy is not None:
        proxy.end()
    talk.end(world.rng.choice(("Local", "Local", "Local", "Remote(ConnectionReset)")))


def pass_on(
    world: World,
    proxy: Talk,
    talk: Talk,
    frontend: Server,
    hub: Server,
    caller: Caller,
    mail: Mail,
    taken: list[str],
    number: int,
) -> tuple[Item, int]:
    """Passes a message from a front end to a hub and answers the one who sent it."""
    assert talk.server is not None
    port = talk.server.remote.rsplit(":", 1)[1]
    proxy.say(
        f"XPROXYFROM SID={talk.server.session_id} IP={caller.ip} PORT={port} DOMAIN={caller.helo} SEQNUM={number}"
        " PERMS=1077 AUTHSRC=Anonymous"
    )
    proxy.answer("250 XProxyFrom accepted")
    started = proxy.moment
    noted = proxy.mail(mail, mail.return_path, taken)
    proxy.body(mail, chunked=True)
    item = take(
        world, proxy, noted, mail, hub, taken, f"Default {hub.name}", (frontend.ip, frontend.fqdn), frontend,
        caller.helo,
    )  # fmt: skip
    reply_at = proxy.moment
    talk.moment = max(talk.moment, reply_at) + 400
    talk.answer(world.last_reply)
    return item, started


def _is_known(world: World, address: str) -> bool:
    return remote_of(address) >= 0 or world.estate.is_known(address)


def from_internet(world: World, moment: int) -> None:
    """Flow: Internet to mailbox, at times several messages in one session."""
    rng = world.rng
    remote = REMOTES[rng.randrange(len(REMOTES))]
    count = 3 if rng.random() < 0.08 else 1
    ip = LOAD_BALANCER if world.is_translated else remote.ip
    caller = Caller(ip, remote.host, tls=rng.choice(("TLS1_2", "TLS1_2", "TLS1_3", "")))
    mails = []
    for _ in range(count):
        recipients = [person.address for person in pick_people(world, rng.choice((1, 1, 1, 2, 3)))]
        roll = rng.random()
        if roll < 0.04:
            recipients.append(f"old.address{rng.randrange(90)}@{INTERNAL}")
        elif roll < 0.10:
            recipients = [rng.choice(sorted(world.estate.aliases))]
        elif roll < 0.16:
            recipients = [rng.choice(sorted(world.estate.groups))]
        elif roll < 0.19:
            recipients = [next(iter(world.estate.redirects))]
        elif roll < 0.20:
            recipients = [world.estate.last_mailbox]
        elif roll < 0.26:
            recipients = [rng.choice([*sorted(world.estate.folders), *sorted(world.estate.moderated)])]
        sender = f"{rng.choice(('petra', 'office', 'm.ruiz', 'k.olsen'))}@{remote.domain}"
        mails.append(world.new_mail(moment, sender, recipients, remote.domain))
    world.keep_open = count > 1
    accept(world, pick_server(world), caller, mails, moment)
    world.keep_open = False


def submit(world: World, moment: int, person: Person, mail: Mail, client: str) -> None:
    """Takes a message out of an Outbox and hands it to a hub."""
    home = person.home
    event = world.event_number(person.database)
    created = world.stamp(home, moment - 1_500_000)
    context = (
        f"MDB:{person.database}, Mailbox:{person.mailbox}, Event:{event}, MessageClass:IPM.Note,"
        f" CreationTime:{created}, ClientType:{client}"
    )
    mail.sent_at = moment - 1_500_000
    mail.submitted_at = moment - 1_400_000
    mail.directionality = "Originating"
    local = (home.ip, home.fqdn)
    log = "tracking_submission"
    track(
        world, moment, home, "NOTIFYMAPI", "STOREDRIVER", log=log, client=local, context=context, sender=mail.sender,
        info=latency(world, mail, home, "SUB", moment),
    )  # fmt: skip
    track(
        world, moment + 40_000, home, "RECEIVE", "STOREDRIVER", log=log, mail=mail, client=local,
        target=("", home.name), context=context, internal_id=event % 9000, recipients=mail.recipients,
        statuses=["To"] * len(mail.recipients), info="04I:",
    )  # fmt: skip
    hub = pick_server(world)
    target = (hub, "hub", 2525, f"Default {hub.name}")
    talk = connect(world, (home, "submission", INTRA_CONNECTOR), target, moment + 60_000)
    started = talk.moment
    noted = talk.mail(mail, mail.return_path, mail.recipients)
    talk.body(mail, chunked=True)
    item = take(world, talk, noted, mail, hub, mail.recipients, f"Default {hub.name}", local)
    assert talk.server is not None
    item.hop = world.hop(
        mail, "submit", started, talk.moment, (home.name, "submission", home.ip), (hub.name, "hub", hub.ip, 2525),
        INTRA_CONNECTOR, talk.server.connector,
    )  # fmt: skip
    done = talk.moment + 500
    track(
        world, done, home, "SUBMIT", "STOREDRIVER", log=log, mail=mail, client=local, target=(hub.ip, hub.fqdn),
        context=context, recipients=mail.recipients, info=latency(world, mail, home, "SUB", done),
    )  # fmt: skip
    talk.end()
    route(world, item, mail.recipients, may_transfer=True)


def from_mailbox(world: World, moment: int, inside: float, outside: float, number: int | None = None) -> None:
    """Flow: mailbox to mailbox, to the Internet, or to both.

    Args:
        world: The estate.
        moment: Begin.
        inside: Chance of recipients inside.
        outside: Chance of recipients outside.
        number: Which system outside; any if None.
    """
    rng = world.rng
    person, *others = pick_people(world, 4)
    recipients: list[str] = []
    if rng.random() < inside:
        recipients = [other.address for other in others[: rng.choice((1, 1, 2, 3))]]
        roll = rng.random()
        if roll < 0.08:
            recipients = [rng.choice(sorted(world.estate.groups))]
        elif roll < 0.10:
            recipients = [next(iter(world.estate.redirects))]
        elif roll < 0.12:
            recipients.append(f"mistyped{rng.randrange(90)}@{INTERNAL}")
        elif roll < 0.13:
            recipients = [world.estate.last_mailbox]
        elif roll < 0.18:
            recipients = [rng.choice([*sorted(world.estate.folders), *sorted(world.estate.moderated)])]
    if rng.random() < outside or not recipients:
        recipients.append(outsider(world, number))
    mail = world.new_mail(moment, person.address, recipients, person.home.fqdn)
    submit(world, moment, person, mail, rng.choice(("OWA", "MOMT", "MOMT", "EAS")))


def from_client(world: World, moment: int) -> None:
    """Flow: a client logs on to 587; the front end tunnels it to port 465 of a hub."""
    rng = world.rng
    person, other = pick_people(world, 2)
    frontend, hub = pick_server(world), pick_server(world)
    ip = f"10.0.30.{rng.randint(10, 60)}"
    caller = Caller(ip, f"pc-{ip.rsplit('.', 1)[1]}", connector=f"Client Frontend {frontend.name}", pace=6_000)
    talk = open_frontend(world, frontend, caller, moment, port=587)
    server = talk.server
    assert server is not None
    started = talk.moment
    user = f"CONTOSO\\{person.account}"
    talk.say("AUTH LOGIN")
    talk.answer("334 <authentication response>")
    server.sequence += 1
    talk.answer("334 <authentication response>")
    server.sequence += 1
    talk.note(server, user, "authenticated")
    target = (hub, "hub", 465, f"Client Proxy {hub.name}")
    proxy = connect(world, (frontend, "frontend", CLIENT_PROXY_CONNECTOR), target, talk.moment, server.session_id)
    port = server.remote.rsplit(":", 1)[1]
    proxy.say(f"XPROXY SID={server.session_id} IP={ip} PORT={port} DOMAIN={caller.helo} CAPABILITIES=0")
    proxy.answer("250 XProxy accepted")
    talk.moment = proxy.moment + 400
    talk.note(server, "", f"Proxy session was successfully set up. Session for{user} will now be proxied")
    talk.answer("235 <authentication response>")
    recipients = [other.address] if rng.random() < 0.5 else [outsider(world)]
    mail = world.new_mail(talk.moment, person.address, recipients, caller.helo, directionality="Originating")
    mail.origin_ip = ip
    proxy.client, out = None, proxy.client
    proxy.pace, proxy.moment = 6_000, talk.moment
    proxied_at = proxy.moment
    noted = proxy.mail(mail, mail.return_path, recipients)
    proxy.body(mail, chunked=False)
    item = take(
        world, proxy, noted, mail, hub, recipients, f"Client Proxy {hub.name}", (frontend.ip, frontend.fqdn), frontend,
        caller.helo,
    )  # fmt: skip
    receive = (frontend.name, "frontend", frontend.ip, 587)
    first = world.hop(mail, "receive", started, proxy.moment, (None, None, ip), receive, None, server.connector)
    item.hop = world.hop(
        mail, "proxy", proxied_at, proxy.moment, (frontend.name, "frontend", frontend.ip),
        (hub.name, "hub", hub.ip, 465), CLIENT_PROXY_CONNECTOR, f"{hub.name}\\Client Proxy {hub.name}", first,
    )  # fmt: skip
    proxy.end()
    if out is not None:
        out.row(proxy.moment + 200, "-", "", "Remote")
    server.row(proxy.moment + 600, "-", "", "Remote")
    route(world, item, recipients)


def from_device(world: World, moment: int, device: Device) -> None:
    """Flow: a device inside relays to the outside without logon, by a connector made for it."""
    frontend = world.estate.servers[0]
    caller = Caller(device.ip, device.name, device.tls, f"Relay {frontend.name}", 4_000)
    mail = world.new_mail(moment, device.sender, [outsider(world, world.rng.randrange(2))], device.name)
    accept(world, frontend, caller, [mail], moment)
    if device.tls == "TLS1_0":
        world.tally("tls-old-protocol", frontend, device.ip, f"{frontend.name}\\{caller.connector}", moment)
