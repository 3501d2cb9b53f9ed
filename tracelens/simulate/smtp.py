"""SMTP conversations as both sides log them.

Source: Microsoft Learn, "Protocol logging in Exchange Server": events, contexts, sequence numbers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tracelens.simulate.estate import Server
from tracelens.simulate.world import Mail, World
from tracelens.simulate.writer import SECOND, quoted

ANONYMOUS_RIGHTS = "SMTPSubmit SMTPAcceptAnySender SMTPAcceptAuthoritativeDomainSender AcceptRoutingHeaders"
SERVER_RIGHTS = (
    "SMTPSubmit SMTPAcceptAnyRecipient SMTPAcceptAuthenticationFlag SMTPAcceptAnySender"
    " SMTPAcceptAuthoritativeDomainSender BypassAntiSpam BypassMessageSizeLimit SMTPSendEXCH50 SMTPAcceptEXCH50"
    " AcceptRoutingHeaders AcceptForestHeaders AcceptOrganizationHeaders SendRoutingHeaders SendForestHeaders"
    " SendOrganizationHeaders SMTPSendXShadow SMTPAcceptXShadow"
)
_CAPABILITIES = {
    "frontend": "SIZE 37748736|PIPELINING|DSN|ENHANCEDSTATUSCODES|STARTTLS|X-ANONYMOUSTLS|AUTH NTLM"
    "|X-EXPS GSSAPI NTLM|8BITMIME|BINARYMIME|CHUNKING|SMTPUTF8|XRDST",
    "client": "SIZE 36700160|PIPELINING|DSN|ENHANCEDSTATUSCODES|STARTTLS|AUTH GSSAPI NTLM|8BITMIME|BINARYMIME"
    "|CHUNKING|SMTPUTF8",
    "hub": "SIZE|PIPELINING|DSN|ENHANCEDSTATUSCODES|STARTTLS|X-ANONYMOUSTLS|AUTH NTLM|X-EXPS GSSAPI NTLM|8BITMIME"
    "|BINARYMIME|CHUNKING|XEXCH50|SMTPUTF8|XRDST|XSHADOWREQUEST",
    "delivery": "SIZE|PIPELINING|DSN|ENHANCEDSTATUSCODES|X-ANONYMOUSTLS|X-EXPS GSSAPI NTLM|8BITMIME|BINARYMIME"
    "|CHUNKING|XSESSIONPARAMS",
    "foreign": "PIPELINING|SIZE 52428800|ETRN|STARTTLS|ENHANCEDSTATUSCODES|8BITMIME|DSN|SMTPUTF8",
}
_CERTIFICATE_PARTS = "Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names"


class Session:
    """The rows one side writes about one conversation."""

    def __init__(
        self, world: World, server: Server, service: str, direction: str, connector: str, local: str, remote: str
    ) -> None:
        self.world = world
        self.server = server
        self.service = service
        self.kind = f"{service}_{direction}"
        self.connector = connector
        self.session_id = world.session_id(server, service)
        self.local = local
        self.remote = remote
        self.sequence = 0
        self._head = f",{quoted(connector)},{self.session_id},"

    def row(self, moment: int, event: str, data: str = "", context: str = "", connected: bool = True) -> None:
        """Writes one row."""
        local = self.local if connected else ""
        self.world.sink.add(
            moment,
            self.server.name,
            self.kind,
            f"{self.world.stamp(self.server, moment)}{self._head}{self.sequence},{local},{self.remote},{event},{quoted(data)},{quoted(context)}",
        )
        self.sequence += 1


class Talk:
    """A conversation: commands from the client, replies from the server, logged where a log exists.

    Attributes:
        moment: Now, in microseconds; every step moves it on.
        pace: Mean time of a step in microseconds.
    """

    def __init__(self, world: World, client: Session | None, server: Session | None, moment: int, pace: int) -> None:
        self.world = world
        self.client = client
        self.server = server
        self.moment = moment
        self.pace = pace
        self.mail_count = 0
        self.host = ""
        self.is_pipelined = False

    def wait(self, micros: int) -> None:
        """Lets time pass."""
        self.moment += micros

    def say(self, command: str) -> None:
        """Sends a command."""
        self._step(self.client, self.server, ">", "<", command)

    def answer(self, reply: str) -> None:
        """Sends a reply."""
        self._step(self.server, self.client, ">", "<", reply)

    def note(self, side: Session | None, data: str, context: str) -> None:
        """Writes an information row at one side."""
        if side is not None:
            self.moment += 40
            side.row(self.moment, "*", data, context)

    def end(self, reason: str = "Local", farewell: bool = True) -> None:
        """Closes the conversation: politely, or by a disconnect with a reason seen by the server side."""
        if farewell:
            self.say("QUIT")
            self.answer("221 2.0.0 Service closing transmission channel")
        self.wait(300)
        other = "Local" if reason.startswith("Remote") else "Remote"
        if self.server is not None:
            self.server.row(self.moment, "-", "", reason)
        if self.client is not None:
            self.client.row(self.moment, "-", "", other if self.server is not None else reason)

    def capabilities(self, kind: str, host: str, peer_ip: str, without: str = "") -> None:
        """Answers EHLO: one joined row from 2016 on, a row per line before."""
        words = [word for word in _CAPABILITIES[kind].split("|") if word != without]
        greeting = f"{host} Hello [{peer_ip}]" if kind != "foreign" else host
        if self.world.is_joined:
            self.answer(f"250{'  ' if kind != 'foreign' else ' '}{greeting} " + " ".join(words))
            return
        lines = [greeting, *words]
        for line in lines[:-1]:
            self.answer(f"250-{line}")
        self.answer(f"250 {lines[-1]}")

    def tls(self, command: str, protocol: str, presenter: Server | None, host: str) -> None:
        """Starts TLS and logs what both sides see of it."""
        self.say(command)
        self.answer("220 2.0.0 SMTP server ready" if presenter is not None else "220 2.0.0 Ready to start TLS")
        self.wait(int(self.pace * 2))
        if presenter is not None:
            self._certificate(self.server, "Sending certificate", presenter.fqdn, presenter.thumbprint)
            self._certificate(self.client, "Remote certificate", presenter.fqdn, presenter.thumbprint)
        elif self.client is not None:
            self._certificate(self.client, "Remote certificate", host, f"{abs(hash_text(host)):040X}")
        for side, role in ((self.server, "SERVER"), (self.client, "CLIENT")):
            self.note(
                side,
                "",
                f"TLS protocol SP_PROT_{protocol}_{role} negotiation succeeded using bulk encryption algorithm"
                " CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 384 bits and key"
                " exchange algorithm CALG_ECDH_EPHEM with strength 384 bits",
            )

    def mail(self, mail: Mail, sender: str, recipients: list[str], record: int | None = None) -> str:
        """Sends the envelope up to the replies to RCPT TO, all accepted.

        Returns:
            What the receiver noted: `<session-id>;<time>;<n>`.
        """
        return self.envelope(mail, sender, [(recipient, "") for recipient in recipients], record)

    def envelope(
        self, mail: Mail, sender: str, recipients: list[tuple[str, str]], record: int | None = None, refusal: str = ""
    ) -> str:
        """Sends MAIL FROM and RCPT TO; each recipient comes with its refusal or an empty text."""
        if record is not None:
            self.note(
                self.client, "",
                f"sending message with RecordId {record} and InternetMessageId {mail.message_id}",
            )  # fmt: skip
        self.say(f"MAIL FROM:<{sender}> SIZE={mail.size}")
        self.mail_count += 1
        noted = ""
        if self.server is not None:
            self.moment += 60
            noted = f"{self.server.session_id};{self.world.stamp(self.server.server, self.moment)};{self.mail_count}"
            self.server.row(self.moment, "*", noted, "receiving message")
        if refusal:
            self.answer(refusal)
            return noted
        commands = [f"RCPT TO:<{address}>" for address, _ in recipients]
        replies = [reply or "250 2.1.5 Recipient OK" for _, reply in recipients]
        if self.is_pipelined:
            for command in commands:
                self.say(command)
            for reply in ["250 2.1.0 Sender OK", *replies]:
                self.answer(reply)
            return noted
        self.answer("250 2.1.0 Sender OK")
        for command, reply in zip(commands, replies, strict=True):
            self.say(command)
            self.answer(reply)
        return noted

    def body(self, mail: Mail, chunked: bool) -> None:
        """Sends the message itself; the final reply is the caller's."""
        if chunked:
            self.say(f"BDAT {mail.size} LAST")
        else:
            self.say("DATA")
            self.answer("354 Start mail input; end with <CRLF>.<CRLF>")
        self.wait(int(self.pace * 2 + mail.size * (0.02 if self.pace < 3000 else 0.5)))

    def _step(self, source: Session | None, target: Session | None, out: str, into: str, text: str) -> None:
        self.moment += int(self.pace * (0.4 + self.world.rng.random()))
        if source is not None:
            source.row(self.moment, out, text)
        if target is not None:
            self.moment += int(self.pace * 0.3)
            target.row(self.moment, into, text)

    def _certificate(self, side: Session | None, title: str, host: str, thumbprint: str) -> None:
        if self.world.is_joined:
            name = host.split(".", maxsplit=1)[0]
            value = (
                f" CN={name} CN={name} {thumbprint[:32]} {thumbprint} 2025-01-07T08:00:00.000Z"
                f" 2030-01-07T08:00:00.000Z {name};{host}"
            )
            self.note(side, value, f"{title} {_CERTIFICATE_PARTS}")
            return
        self.note(side, "", title.replace("Remote", "Received"))
        self.note(side, f"CN={host}", "Certificate subject")
        self.note(side, f"CN={host}", "Certificate issuer name")
        self.note(side, thumbprint[:32], "Certificate serial number")
        self.note(side, thumbprint, "Certificate thumbprint")
        self.note(side, host, "Certificate alternate names")


def hash_text(text: str) -> int:
    """Gives a number that is the same in every run (`hash` is not)."""
    value = 7
    for letter in text:
        value = (value * 1_000_003 + ord(letter)) % (1 << 159)
    return value


def banner(server: Server, moment: int) -> str:
    """Gives the greeting of an Exchange server, in local time of the estate (UTC+1)."""
    local = datetime.fromtimestamp(moment // SECOND, UTC) + timedelta(hours=1)
    return (
        f"220 {server.fqdn} Microsoft ESMTP MAIL Service ready at "
        + local.strftime("%a, ")
        + f"{local.day} "
        + local.strftime("%b %Y %H:%M:%S +0100")
    )


def listen(
    world: World, server: Server, service: str, port: int, connector: str, remote: str, moment: int, pace: int
) -> Talk:
    """Takes a connection from a machine whose logs nobody has; up to the banner."""
    session = Session(world, server, service, "receive", f"{server.name}\\{connector}", f"{server.ip}:{port}", remote)
    talk = Talk(world, None, session, moment, pace)
    talk.host = server.fqdn
    session.row(moment, "+")
    if not world.is_joined:
        talk.note(session, ANONYMOUS_RIGHTS, "Set Session Permissions")
    talk.answer(banner(server, world.sink.clocks.shown(server.name, talk.moment)))
    return talk


def dial(session: Session, moment: int, rights: str = "SendRoutingHeaders") -> int:
    """Writes what a sending service notes before it is connected."""
    if session.world.is_joined:
        session.row(moment, "*", rights, "Set Session Permissions", connected=False)
    session.row(moment + 30, "*", "", "attempting to connect", connected=False)
    return moment + 30


def connect(
    world: World,
    client: tuple[Server, str, str],
    server: tuple[Server, str, int, str],
    moment: int,
    proxied: str = "",
) -> Talk:
    """Opens a conversation between two Exchange services, both logging, up to Exchange authentication.

    Args:
        world: The estate.
        client: Server, service and send connector.
        server: Server, service, port and receive connector without the server's name.
        moment: Begin.
        proxied: Session id of the front end session this one carries.
    """
    sender, sender_service, send_connector = client
    receiver, receiver_service, port, receive_connector = server
    local = f"{sender.ip}:{world.rng.randint(10_000, 60_000)}"
    remote = f"{receiver.ip}:{port}"
    out = Session(world, sender, sender_service, "send", send_connector, local, remote)
    into = Session(world, receiver, receiver_service, "receive", f"{receiver.name}\\{receive_connector}", remote, local)
    started = dial(out, moment, "None" if proxied else "SendRoutingHeaders")
    talk = Talk(world, out, into, started, 900)
    talk.host = receiver.fqdn
    talk.is_pipelined = world.rng.random() < 0.5
    talk.wait(700)
    out.row(talk.moment, "+")
    into.row(talk.moment + 20, "+")
    talk.wait(60)
    if not world.is_joined:
        talk.note(into, "None", "Set Session Permissions")
    talk.answer(banner(receiver, world.sink.clocks.shown(receiver.name, talk.moment)))
    if proxied:
        talk.note(out, "", f"Proxying inbound session with session id {proxied}")
    kind = "delivery" if receiver_service == "delivery" else "hub"
    talk.say(f"EHLO {sender.fqdn}")
    talk.capabilities(kind, receiver.fqdn, sender.ip)
    talk.tls("X-ANONYMOUSTLS", "TLS1_2", receiver, receiver.fqdn)
    talk.say(f"EHLO {sender.fqdn}")
    talk.capabilities(kind, receiver.fqdn, sender.ip, without="X-ANONYMOUSTLS")
    talk.say("X-EXPS EXCHANGEAUTH SHA256")
    if not world.is_joined:
        talk.note(into, SERVER_RIGHTS, "Set Session Permissions")
    talk.answer("235 <authentication response>")
    return talk
