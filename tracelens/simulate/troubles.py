"""Planted troubles: relaying, proxy failures, logon attacks, TLS. Each leaves a row in the truth.

The names are those of the signatures that describe them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tracelens.simulate.estate import INTERNAL, PROXY_CONNECTOR, REMOTES, Server
from tracelens.simulate.flows import Caller, accept, from_mailbox, open_frontend, pick_people
from tracelens.simulate.smtp import Session, dial, listen
from tracelens.simulate.world import World
from tracelens.simulate.writer import MINUTE, SECOND

Planned = tuple[float, Callable[[int], None]]

SPAMMER, PROBER, OPEN_RELAY_USER = "198.51.100.66", "203.0.113.77", "203.0.113.90"
GUESSER, SPRAYER, NO_TLS, SILENT = "203.0.113.99", "203.0.113.98", "198.51.100.120", "192.0.2.140"
NEW_DEVICE = Caller("10.0.20.45", "label-printer", "", pace=4_000)


def planned(world: World) -> list[Planned]:
    """Gives the troubles of one day: place in the working day (0 to 1) and what begins there."""
    first, last = world.estate.servers[0], world.estate.servers[-1]
    plan: list[Planned] = [
        (0.10, partial(_new_device, world, first, False)),
        (0.62, partial(_new_device, world, first, True)),
        (0.70, partial(_open_relay, world, first)),
        (0.30, partial(_probe_battery, world, first)),
        (0.80, partial(_silence, world, first)),
    ]
    plan += [(0.20 + n * 0.004, partial(_denied, world, last, SPAMMER)) for n in range(8)]
    plan += [(0.40 + n * 0.005, partial(_proxy_refused, world, first, last, n)) for n in range(6)]
    plan += [(0.48 + n * 0.005, partial(_proxy_unnamed, world, last, n)) for n in range(4)]
    plan += [(0.445 + n * 0.02, partial(_retry, world, first, n)) for n in range(3)]
    plan += [(0.35 + n * 0.003, partial(_not_available, world, first)) for n in range(5)]
    plan += [(0.55 + n * 0.004, partial(_back_pressure, world, last)) for n in range(4)]
    plan += [(0.25 + n * 0.002, partial(_guess, world, first, GUESSER, "anna.berg")) for n in range(12)]
    names = [person.account for person in world.estate.people[:8]]
    plan += [(0.66 + n * 0.003, partial(_guess, world, last, SPRAYER, name)) for n, name in enumerate(names)]
    plan += [(0.50 + n * 0.01, partial(_no_tls, world, last)) for n in range(3)]
    plan += [(0.74 + n * 0.01, partial(_outbound, world, n == 0)) for n in range(2)]
    return plan


def _front(server: Server, kind: str = "Default") -> str:
    return f"{server.name}\\{kind} Frontend {server.name}"


def _unable(world: World) -> str:
    if world.version == "2013":
        return "550 5.7.1 Unable to relay"
    return "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"


def _refused(world: World, server: Server, caller: Caller, sender: str, targets: list[str], moment: int) -> int:
    """A session whose recipients are all refused as relaying; gives its end."""
    talk = open_frontend(world, server, caller, moment)
    talk.is_pipelined = False
    for target in targets:
        mail = world.new_mail(moment, sender, [target], caller.helo)
        talk.say(f"MAIL FROM:<{sender}>")
        talk.mail_count += 1
        assert talk.server is not None
        talk.answer("250 2.1.0 Sender OK")
        talk.say(f"RCPT TO:<{mail.recipients[0]}>")
        talk.note(talk.server, "Tarpit for '0.00:00:05'", "")
        talk.wait(5 * SECOND)
        talk.answer(_unable(world))
        talk.say("RSET")
        talk.answer("250 2.0.0 Resetting")
    talk.end()
    return talk.moment


def _denied(world: World, server: Server, ip: str, moment: int) -> None:
    caller = Caller(ip, "win-4f7k2.example.net", "")
    targets = [f"{name}@example.net" for name in ("collector01", "collector02", "collector03")]
    for _ in targets:
        world.tally("relay-denied-non-accepted", server, ip, _front(server), moment)
    _refused(world, server, caller, f"billing@{INTERNAL}", targets, moment)


def _probe_battery(world: World, server: Server, moment: int) -> None:
    own = f"[{server.ip}]"
    shapes = [
        "tester@example.net", f"tester%example.net@{INTERNAL}", f"@{INTERNAL}:tester@example.net",
        f'"tester@example.net"@{INTERNAL}', f"example.net!tester@{INTERNAL}", f"tester@example.net@{INTERNAL}",
        f"tester%example.net@{own}", f'"tester%example.net"@{own}',
    ]  # fmt: skip
    caller = Caller(PROBER, "scanner.example.com", "")
    _refused(world, server, caller, f"spamtest@{own}", shapes, moment)
    world.tally("relay-probe-syntax", server, PROBER, _front(server), moment)


def _new_device(world: World, server: Server, is_allowed: bool, moment: int) -> None:
    """A printer is refused in the morning; somebody opens the default connector for it at noon."""
    sender = f"labels@{INTERNAL}"
    if not is_allowed:
        _refused(world, server, NEW_DEVICE, sender, ["dispatch@example.com"] * 2, moment)
        _off_range(world, server, moment)
        for _ in range(2):
            world.tally("relay-denied-non-accepted", server, NEW_DEVICE.ip, _front(server), moment)
        return
    for number in range(3):
        mail = world.new_mail(moment, sender, ["dispatch@example.com"], NEW_DEVICE.helo)
        accept(world, server, NEW_DEVICE, [mail], moment + number * 40 * SECOND)
        _off_range(world, server, moment + number * 40 * SECOND)
    world.tally("relay-denied-then-allowed", server, NEW_DEVICE.ip, _front(server), moment)


def _off_range(world: World, server: Server, moment: int) -> None:
    """By the exported configuration the relay connector should have taken the printer."""
    if world.has_exports:
        world.tally("topo-wrong-connector", server, NEW_DEVICE.ip, _front(server), moment)


def _open_relay(world: World, server: Server, moment: int) -> None:
    """With the default connector open, a stranger relays too."""
    caller = Caller(OPEN_RELAY_USER, "vps-1182.example.net", "")
    for number in range(4):
        sender = f"offers{number}@example.net"
        mails = [
            world.new_mail(moment, sender, [f"victim{number}{letter}@example.com"], "vps-1182.example.net")
            for letter in "ab"
        ]
        accept(world, server, caller, mails, moment + number * 30 * SECOND)
        for _ in mails:
            world.tally(
                "relay-open-to-internet", server, OPEN_RELAY_USER, _front(server), moment + number * 30 * SECOND
            )


def _failed_hand_over(
    world: World, server: Server, number: int, reply: str, target: Server | None, moment: int
) -> None:
    remote = REMOTES[number % len(REMOTES)]
    talk = open_frontend(world, server, Caller(remote.ip, remote.host), moment)
    assert talk.server is not None
    person = pick_people(world, 1)[0]
    mail = world.new_mail(moment, f"office@{remote.domain}", [person.address], remote.domain)
    talk.mail(mail, mail.sender, mail.recipients)
    talk.body(mail, chunked=False)
    talk.note(talk.server, "", "Proxy destination(s) obtained from OnProxyInboundMessage event")
    if target is not None:
        out = Session(world, server, "frontend", "send", PROXY_CONNECTOR, "", f"{target.ip}:2525")
        dial(out, talk.moment, "None")
        talk.wait(1 * SECOND)
        out.row(
            talk.moment, "*", "",
            "Failed to connect. Winsock error code: 10061, Win32 error code: 10061, Destination domain: internalproxy,"
            " Error Message: No connection could be made because the target machine actively refused it"
            f" {target.ip}:2525",
            connected=False,
        )  # fmt: skip
        world.tally("proxy-backend-connect-fail", server, target.ip, PROXY_CONNECTOR, talk.moment)
    else:
        talk.wait(4 * SECOND)
    talk.answer(reply)
    talk.end()


def _proxy_refused(world: World, server: Server, target: Server, number: int, moment: int) -> None:
    reply = "451 4.7.0 Temporary server error. Please try again later. PRX1"
    _failed_hand_over(world, server, number, reply, target, moment)
    world.tally("prx-generic", server, REMOTES[number % len(REMOTES)].ip, _front(server), moment)


def _proxy_unnamed(world: World, server: Server, number: int, moment: int) -> None:
    reply = "451 4.7.0 Temporary server error. Please try again later. PRX2"
    _failed_hand_over(world, server, number, reply, None, moment)
    world.tally("prx-dns", server, REMOTES[number % len(REMOTES)].ip, _front(server), moment)


def _retry(world: World, server: Server, number: int, moment: int) -> None:
    """The senders come back when the hub answers again."""
    remote = REMOTES[number % len(REMOTES)]
    mail = world.new_mail(moment, f"office@{remote.domain}", [pick_people(world, 1)[0].address], remote.domain)
    accept(world, server, Caller(remote.ip, remote.host), [mail], moment)


def _turned_away(world: World, server: Server, ip: str, reply: str, moment: int) -> None:
    talk = open_frontend(world, server, Caller(ip, "mx1.example.com"), moment)
    talk.is_pipelined = False
    mail = world.new_mail(moment, "office@example.com", [pick_people(world, 1)[0].address], "example.com")
    talk.envelope(mail, mail.sender, [], refusal=reply)
    talk.end("Local", farewell=not reply.startswith("421"))


def _not_available(world: World, server: Server, moment: int) -> None:
    ip = REMOTES[0].ip
    _turned_away(world, server, ip, "421 4.3.2 Service not available", moment)
    world.tally("proxy-service-not-available", server, ip, _front(server), moment)


def _back_pressure(world: World, server: Server, moment: int) -> None:
    ip = REMOTES[0].ip
    _turned_away(world, server, ip, "452 4.3.1 Insufficient system resources", moment)
    world.tally("cap-back-pressure", server, ip, _front(server), moment)


def _guess(world: World, server: Server, ip: str, account: str, moment: int) -> None:
    caller = Caller(ip, "User", connector=f"Client Frontend {server.name}")
    talk = open_frontend(world, server, caller, moment, port=587)
    side = talk.server
    assert side is not None
    talk.say("AUTH LOGIN")
    talk.answer("334 <authentication response>")
    side.sequence += 1
    talk.answer("334 <authentication response>")
    side.sequence += 1
    talk.note(side, "", "Inbound AUTH LOGIN failed because of LogonDenied")
    side.sequence -= 1
    talk.note(side, "", f"User Name: {account}@{INTERNAL}")
    talk.note(side, "Tarpit for '0.00:00:05'", "")
    talk.wait(5 * SECOND)
    talk.answer("535 5.7.3 Authentication unsuccessful")
    talk.end("Remote", farewell=False)
    name = "auth-bruteforce" if ip == GUESSER else "auth-spray"
    world.tally(name, server, ip, _front(server, "Client"), moment)


def _no_tls(world: World, server: Server, moment: int) -> None:
    talk = open_frontend(world, server, Caller(NO_TLS, "old-mta.example.net", ""), moment)
    talk.say("STARTTLS")
    talk.answer("220 2.0.0 SMTP server ready")
    talk.note(talk.server, "", "TLS negotiation failed with error NoCredentials")
    talk.end("Local", farewell=False)
    world.tally("tls-nocredentials", server, NO_TLS, _front(server), moment)


def _silence(world: World, server: Server, moment: int) -> None:
    """A peer stops in mid-sentence; the server gives up after five minutes."""
    talk = listen(world, server, "frontend", 25, f"Default Frontend {server.name}", f"{SILENT}:40221", moment, 18_000)
    talk.say("EHLO slow.example.com")
    talk.capabilities("frontend", server.fqdn, SILENT)
    talk.say("MAIL FROM:<office@example.com>")
    talk.answer("250 2.1.0 Sender OK")
    talk.wait(5 * MINUTE)
    talk.answer("451 4.7.0 Timeout waiting for client input")
    talk.end("Local", farewell=False)
    world.tally("session-silence", server, SILENT, _front(server), moment)


def _outbound(world: World, begins: bool, moment: int) -> None:
    """The front ends cannot reach the partner; mail to it waits and goes out later."""
    if begins:
        for server in world.estate.servers:
            world.trouble_until["outbound-proxy", server.name] = moment + 4 * MINUTE
    from_mailbox(world, moment, 0.0, 1.0, number=2)
