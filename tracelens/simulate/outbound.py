"""From a queue to the outside: straight to the other mail system, or through a front end on 717."""

from __future__ import annotations

from dataclasses import dataclass

from tracelens.simulate.cloud import arrive
from tracelens.simulate.delivery import release, reuse
from tracelens.simulate.estate import (
    CLOUD,
    INTERNET_CONNECTOR,
    OUTBOUND_PROXY_CONNECTOR,
    PARTNER_CONNECTOR,
    Remote,
    Server,
)
from tracelens.simulate.intake import Item, final_reply
from tracelens.simulate.smtp import Session, Talk, connect, dial
from tracelens.simulate.tracking import latency, track
from tracelens.simulate.world import CLOUD_NAME, Mail, World
from tracelens.simulate.writer import MINUTE, SECOND, stamp

GREYLISTED = "450 4.2.0 <{address}>: Recipient address rejected: Greylisted, please try again later"
UNKNOWN = "550 5.1.1 <{address}>: Recipient address rejected: User unknown in local recipient table"


@dataclass
class Outcome:
    """How an attempt ended: refusals by recipient, and who was accepted."""

    refused: dict[str, str]
    accepted: list[str]


def send_out(world: World, item: Item, recipients: list[str], remote: Remote, connector: str = "") -> Outcome:
    """Sends to one mail system outside, with a later second attempt if it asks for one."""
    slow = [address for address in recipients if address.startswith("slow.")]
    if slow and len(slow) == len(recipients):
        attempts = [GREYLISTED] if slow[0].startswith("slow.forever") else [GREYLISTED, ""]
    else:
        attempts = [""]
    by_proxy = remote.software == "exchange" and not connector
    connector = connector or (PARTNER_CONNECTOR if by_proxy else INTERNET_CONNECTOR)
    mail, started = item.mail, item.moment + 3_000
    frontend = world.estate.servers[world.rng.randrange(len(world.estate.servers))] if by_proxy else None
    outcome, last = Outcome({}, recipients), started
    for number, soft in enumerate(attempts):
        if number:
            item.moment += int((1 + 9 * world.rng.random()) * MINUTE)
        if frontend is not None:
            outcome, last = _through(world, item, recipients, remote, frontend)
        else:
            outcome, last = _straight(world, item, recipients, remote, soft, connector)
        if soft:
            _defer(world, item, recipients, remote, soft)
            outcome = Outcome({}, [])
    here = (item.hub.name, item.hub.service, item.hub.ip)
    is_traced = remote is CLOUD and (mail.by_cloud or mail.before > 0)
    far = (*((CLOUD_NAME, "cloud") if is_traced else (None, None)), remote.ip, 25)
    if frontend is None:
        passed = world.hop(mail, "external", started, last, here, far, connector, parent=item.hop)
    else:
        proxy = f"{frontend.name}\\Outbound Proxy Frontend {frontend.name}"
        over = (frontend.name, "frontend", frontend.ip, 717)
        passed = world.hop(mail, "proxy", started, last, here, over, connector, proxy, item.hop)
        world.hop(mail, "external", started, last, over[:3], far, OUTBOUND_PROXY_CONNECTOR, parent=passed)
    if attempts[-1]:
        for recipient in recipients:
            world.leg(mail, recipient, "deferred", item.moment)
    if is_traced:
        arrive(world, mail, outcome.accepted, last, passed)
        return outcome
    for recipient in outcome.accepted:
        world.leg(mail, recipient, "relayed", item.moment)
    return outcome


def open_foreign(world: World, session: Session, remote: Remote, moment: int, protocol: str = "TLS1_2") -> Talk:
    """Connects to a mail system outside, up to the EHLO after TLS."""
    started = dial(session, moment)
    talk = Talk(world, session, None, started, 18_000)
    talk.host = remote.host
    talk.wait(20_000)
    session.row(talk.moment, "+")
    talk.answer(
        f"220 {remote.host} Microsoft ESMTP MAIL Service ready"
        if remote.software == "exchange"
        else f"220 {remote.host} ESMTP {'Postfix' if remote.software == 'postfix' else 'Exim 4.96'}"
    )
    talk.say(f"EHLO {session.server.fqdn}")
    talk.capabilities("foreign", remote.host, session.server.ip)
    talk.tls("STARTTLS", protocol, None, remote.host)
    talk.say(f"EHLO {session.server.fqdn}")
    talk.capabilities("foreign", remote.host, session.server.ip, without="STARTTLS")
    return talk


def foreign_reply(world: World, mail: Mail, remote: Remote) -> str:
    """Gives the final reply in the manner of the other system's software."""
    number = world.rng.getrandbits(40)
    if remote.software == "postfix":
        return f"250 2.0.0 Ok: queued as {number:010X}"
    if remote.software == "exim":
        return f"250 OK id=1{number:011x}-00"
    return final_reply(world, mail, 1_000_000_000_000 + number, remote.host)


def _straight(
    world: World, item: Item, recipients: list[str], remote: Remote, soft: str, connector: str
) -> tuple[Outcome, int]:
    mail, hub = item.mail, item.hub
    key = (hub.name, remote.host)
    started = item.moment + 3_000
    talk = reuse(world, key, started)
    if talk is None:
        local = f"{hub.ip}:{world.rng.randint(10_000, 60_000)}"
        session = Session(world, hub, hub.service, "send", connector, local, f"{remote.ip}:25")
        talk = open_foreign(world, session, remote, started)
    refused = {address: UNKNOWN.format(address=address) for address in recipients if address.startswith("nobody.")}
    answers = [(a, soft.format(address=a) if soft else refused.get(a, "")) for a in recipients]
    talk.envelope(mail, mail.return_path, answers, item.internal_id)
    accepted = [] if soft else [address for address in recipients if address not in refused]
    if not accepted:
        talk.say("RSET")
        talk.answer("250 2.0.0 Ok")
    else:
        talk.body(mail, chunked=False)
        reply = foreign_reply(world, mail, remote)
        talk.answer(reply)
        _sent(world, item, accepted, (remote.ip, remote.host), connector, reply, talk.moment + 500)
    item.moment = talk.moment + 2_000
    release(world, key, talk)
    return Outcome(refused, accepted), item.moment


def _through(world: World, item: Item, recipients: list[str], remote: Remote, frontend: Server) -> tuple[Outcome, int]:
    mail, hub = item.mail, item.hub
    target = (frontend, "frontend", 717, f"Outbound Proxy Frontend {frontend.name}")
    talk = connect(world, (hub, "hub", PARTNER_CONNECTOR), target, item.moment + 3_000)
    talk.is_pipelined = False
    assert talk.server is not None
    broken = world.trouble_until.get(("outbound-proxy", frontend.name), 0) > talk.moment
    talk.say(f"XPROXYTO SESSIONID={talk.server.session_id} DOMAIN={remote.domain} PORT=25 TLS=Opportunistic")
    local = f"{frontend.ip}:{world.rng.randint(10_000, 60_000)}"
    session = Session(world, frontend, "frontend", "send", OUTBOUND_PROXY_CONNECTOR, local, f"{remote.ip}:25")
    if broken:
        return _not_through(world, item, recipients, remote, frontend, talk, session)
    far = open_foreign(world, session, remote, talk.moment)
    talk.moment = far.moment
    talk.answer("250 XProxyTo accepted")
    refused = {address: UNKNOWN.format(address=address) for address in recipients if address.startswith("nobody.")}
    answers = [(address, refused.get(address, "")) for address in recipients]
    far.moment = talk.moment
    far.envelope(mail, mail.return_path, answers)
    talk.envelope(mail, mail.return_path, answers, item.internal_id)
    accepted = [address for address in recipients if address not in refused]
    far.moment = talk.moment = max(far.moment, talk.moment)
    if accepted:
        talk.body(mail, chunked=True)
        far.moment = talk.moment
        far.body(mail, chunked=True)
        reply = foreign_reply(world, mail, remote)
        far.answer(reply)
        talk.moment = far.moment
        talk.answer(reply)
        _sent(world, item, accepted, (frontend.ip, frontend.fqdn), PARTNER_CONNECTOR, reply, talk.moment + 500)
    far.end()
    talk.moment = far.moment
    talk.end()
    item.moment = talk.moment
    return Outcome(refused, accepted), item.moment


def _not_through(
    world: World, item: Item, recipients: list[str], remote: Remote, frontend: Server, talk: Talk, session: Session
) -> tuple[Outcome, int]:
    dial(session, talk.moment)
    talk.wait(21 * SECOND)
    session.row(
        talk.moment, "*", "",
        "Failed to connect. Winsock error code: 10060, Win32 error code: 10060, Destination domain: "
        f"{remote.domain}, Error Message: A connection attempt failed because the connected party did not properly"
        f" respond after a period of time, or established connection failed because connected host has failed to"
        f" respond {remote.ip}:25",
        connected=False,
    )  # fmt: skip
    inner = '451 4.4.0 Primary target IP address responded with: "421 4.4.1 Connection timed out." Attempted failover'
    reply = (
        f"450 4.7.0 Proxy session setup failed on Frontend with '{inner} to alternate host, but that did not succeed'"
    )
    talk.answer(reply)
    talk.end()
    item.moment = talk.moment
    _defer(world, item, recipients, Remote(remote.domain, frontend.fqdn, frontend.ip, ""), reply)
    world.tally("proxy-outbound-frontend-failed", frontend, remote.ip, PARTNER_CONNECTOR, talk.moment)
    item.moment += int((1 + 9 * world.rng.random()) * MINUTE)
    return _through(world, item, recipients, remote, frontend)


def _sent(
    world: World, item: Item, accepted: list[str], target: tuple[str, str], connector: str, reply: str, moment: int
) -> None:
    mail, hub = item.mail, item.hub
    submit = stamp(mail.submitted_at) if mail.submitted_at else ""
    track(
        world, moment, hub, "SENDEXTERNAL" if world.is_joined else "SEND", mail=mail, client=(hub.ip, hub.fqdn),
        target=target, context=f";{reply};ClientSubmitTime:{submit}", connector=connector,
        internal_id=item.internal_id, recipients=accepted, statuses=["250 2.1.5 Recipient OK"] * len(accepted),
        info=latency(world, mail, hub, "HUB", moment),
        custom=f"S:E2ELatency={(moment - mail.sent_at) / SECOND:.3f};S:ExternalSendLatency=0.210"
        ";S:Microsoft.Exchange.Transport.MailRecipient.RequiredTlsAuthLevel=Opportunistic"
        ";S:IsSmtpResponseFromExternalServer=True",
    )  # fmt: skip


def bracket(reply: str, host: str, ip: str, moment: str) -> str:
    """Gives a recipient-status of a failed or delayed hand-over, its time in US form as the server's culture has it."""
    hour = int(moment[11:13])
    clock = f"{hour % 12 or 12}{moment[13:19]} {'AM' if hour < 12 else 'PM'}"
    return f"[{{LED={reply}}};{{MSG=}};{{FQDN={host}}};{{IP={ip}}};{{LRT={int(moment[5:7])}/{int(moment[8:10])}/{moment[:4]} {clock}}}]"


def _defer(world: World, item: Item, recipients: list[str], remote: Remote, reply: str) -> None:
    shown = world.stamp(item.hub, item.moment)
    statuses = [bracket(reply.format(address=address), remote.host, remote.ip, shown) for address in recipients]
    item.moment += 1_000
    track(
        world, item.moment, item.hub, "DEFER", mail=item.mail, target=(remote.ip, remote.host),
        client=(item.hub.ip, item.hub.fqdn), internal_id=item.internal_id, recipients=recipients, statuses=statuses,
        context=reply.format(address=recipients[0]), connector=INTERNET_CONNECTOR,
    )  # fmt: skip
