"""The Transport service takes a message: shadow copy, queue entry, agents."""

from __future__ import annotations

from dataclasses import dataclass

from tracelens.simulate.estate import INTERNAL, INTRA_CONNECTOR, Server, unique_text
from tracelens.simulate.smtp import Talk, connect
from tracelens.simulate.tracking import track
from tracelens.simulate.world import Mail, World
from tracelens.simulate.writer import MINUTE


@dataclass
class Item:
    """A message in one server's queue; `hop` is the number of the hop that put it there."""

    mail: Mail
    hub: Server
    internal_id: int
    moment: int
    hop: int = 0


def final_reply(world: World, mail: Mail, internal_id: int, host: str, tail: str = "Queued mail for delivery") -> str:
    """Gives the reply that names the queue entry."""
    rate = ""
    if world.is_joined:
        seconds = 0.05 + world.rng.random() / 3
        rate = f"{mail.size} bytes in {seconds:.3f}, {mail.size / 1024 / seconds:.3f} KB/sec "
    return f"250 2.6.0 {mail.message_id} [InternalId={internal_id}, Hostname={host}] {rate}{tail}"


def take(
    world: World,
    talk: Talk,
    noted: str,
    mail: Mail,
    hub: Server,
    recipients: list[str],
    connector: str,
    client: tuple[str, str],
    frontend: Server | None = None,
    helo: str = "",
) -> Item:
    """Puts a received message into the queue and answers the sender.

    Args:
        world: The estate.
        talk: The conversation, its body just received.
        noted: Session, time and number as the protocol log has them.
        mail: The message.
        hub: The server that takes it.
        recipients: Recipients taken.
        connector: Receive connector without the server's name.
        client: Address and name of the previous hop.
        frontend: The front end that passed it on.
        helo: What the true client called itself.
    """
    internal_id = world.queue_id(hub)
    talk.wait(2_000 + int(world.rng.random() * 9_000))
    shadow = _shadow(world, talk, mail, hub, internal_id, recipients)
    context = ";".join(noted.split(";")[:2]) + ";0"
    custom = f"S:Replication={shadow};S:FirstForestHop={hub.fqdn};S:FromEntity={'Internet' if helo else 'Hosted'}"
    if frontend is not None:
        custom = (
            f"S:ProxyHop1={frontend.fqdn}({frontend.ip});S:ProxiedClientIPAddress={mail.origin_ip}"
            f";S:ProxiedClientHostname={helo};" + custom
        )
    custom += f";S:MessageValue=Medium;S:DeliveryPriority=Normal;S:AccountForest={INTERNAL}"
    talk.wait(1_500)
    track(
        world, talk.moment, hub, "RECEIVE", mail=mail, client=client, target=(hub.ip, hub.name), context=context,
        connector=f"{hub.name}\\{connector}", internal_id=internal_id, recipients=recipients,
        info="0cA: " if mail.directionality == "Incoming" else "0cI: ",
        origin=(mail.origin_ip or client[0], frontend.ip if frontend else hub.ip), custom=custom,
    )  # fmt: skip
    if frontend is not None:
        mail.history.append(f"SRV={frontend.fqdn}:TOTAL-FE=0.{world.rng.randint(20, 400):03d}|SMR=0.012")
    world.last_reply = final_reply(world, mail, internal_id, hub.fqdn)
    talk.answer(world.last_reply)
    moment = talk.moment + 4_000 + int(world.rng.random() * 40_000)
    track(
        world, moment, hub, "AGENTINFO", "AGENT", mail=mail, client=("", hub.name), internal_id=internal_id,
        recipients=recipients, custom=_agents(world),
    )  # fmt: skip
    return Item(mail, hub, internal_id, moment + 500)


def _agents(world: World) -> str:
    text = "S:AMA=SUM|v=0|action=|error=|atch=0;S:AMA=EV|engine=M|v=0|sig=1.405.12.0|name=|file="
    if world.rng.random() < 0.2:
        text += f";S:TRA=ETR|ruleId={unique_text(world.rng)}|st=2026-01-12T09:00:00Z|action=PrependSubject|sev=1|mode=Enforce"
    return text + ";S:CompCost=|ETR=0"


def _shadow(world: World, talk: Talk, mail: Mail, hub: Server, internal_id: int, recipients: list[str]) -> str:
    others = [server for server in world.estate.servers if server is not hub and hub.service == "hub"]
    if not others:
        track(
            world, talk.moment, hub, "HAREDIRECTFAIL", mail=mail, target=("", hub.name), recipients=recipients,
            context="No suitable shadow servers", internal_id=internal_id,
        )  # fmt: skip
        return "Failed"
    other = others[world.rng.randrange(len(others))]
    number = world.queue_id(other)
    reply = f"250 2.6.0 {mail.message_id} [InternalId={other.fqdn}, Hostname={number}] Queued mail for redundancy"
    received = talk.moment + 4_000
    context = f"{world.session_id(other, 'hub')};{world.stamp(other, received)};0"
    if world.rng.random() < 0.15:
        copy = connect(world, (hub, "hub", INTRA_CONNECTOR), (other, "hub", 2525, f"Default {other.name}"), talk.moment)
        copy.say("XSHADOWREQUEST")
        copy.answer("250 XShadowRequest accepted")
        noted = copy.mail(mail, mail.return_path, recipients, internal_id)
        copy.body(mail, chunked=True)
        context, received = ";".join(noted.split(";")[:2]) + ";0", copy.moment
        copy.answer(reply)
        talk.moment = copy.moment
        copy.end()
    else:
        talk.moment += 9_000
    track(
        world, received, other, "HARECEIVE", mail=mail, client=(hub.ip, hub.fqdn), target=(other.ip, other.name),
        context=context, connector=f"{other.name}\\Default {other.name}", internal_id=number, recipients=recipients,
        info="0cI: ",
    )  # fmt: skip
    track(
        world, talk.moment + 300, hub, "HAREDIRECT", mail=mail, target=("", hub.name), recipients=recipients,
        context=f"{other.fqdn}={reply}", internal_id=internal_id,
    )  # fmt: skip
    track(
        world, received + 2 * MINUTE + world.rng.randrange(MINUTE), other, "HADISCARD", mail=mail,
        target=("", other.name), recipients=recipients, context=f"{hub.fqdn}", internal_id=number,
    )  # fmt: skip
    mail.shadows[(hub.name, internal_id)] = (other, number)
    return other.fqdn
