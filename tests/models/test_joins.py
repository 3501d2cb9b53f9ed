"""Each join J1 to J18 on rows of its own, and what happens when two candidates are equally good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from tests.models.made import Made, ask, at, mail

ID = "<{0}@example.com>"
Link = tuple[str, str, str, str, str, str]
Case = Callable[[Made, str], set[Link]]


def reply(number: int, server: str, case: str) -> str:
    return (
        f"250 2.6.0 <{case}@example.com> [InternalId={number}, Hostname={server}.contoso.com] Queued mail for delivery"
    )


def record(number: int, case: str) -> tuple[str, str, str]:
    return ("*", "", f"sending message with RecordId {number} and InternetMessageId <{case}@example.com>")


def j1(made: Made, x: str) -> set[Link]:
    front = made.talk(0, f"{x}A", "frontend", "receive", f"{x}01", "10.1.0.1:25", "192.0.2.1:4000")
    out = made.talk(
        0.1,
        f"{x}A",
        "frontend",
        "send",
        f"{x}02",
        "10.1.0.1:5000",
        "10.1.0.2:2525",
        ("*", "", f"Proxying inbound session with session id {x}01"),
    )
    made.talk(0, f"{x}B", "frontend", "receive", f"{x}01", "10.1.0.3:25", "192.0.2.1:4000")  # the same id elsewhere
    return {("session", front, "session", out, "J1", "observed")}


def j1_twice(made: Made, x: str) -> set[Link]:
    first = made.talk(0, f"{x}A", "frontend", "receive", f"{x}01", "10.1.0.1:25", "192.0.2.1:4000")
    second = made.talk(0, f"{x}A", "unknown", "receive", f"{x}01", "10.1.0.1:25", "192.0.2.1:4000")
    out = made.talk(
        0.1,
        f"{x}A",
        "frontend",
        "send",
        f"{x}02",
        "10.1.0.1:5000",
        "10.1.0.2:2525",
        ("*", "", f"Proxying inbound session with session id {x}01"),
    )
    return {("session", one, "session", out, "J1", "ambiguous") for one in (first, second)}


def pair(port: int, sender: str, receiver: str, name: str) -> Case:
    def case(made: Made, x: str) -> set[Link]:
        here, there = f"10.2.{name[1:]}.1", f"10.2.{name[1:]}.2"
        out = made.talk(0, f"{x}A", sender, "send", f"{x}01", f"{here}:5000", f"{there}:{port}")
        into = made.talk(0.02, f"{x}B", receiver, "receive", f"{x}02", f"{there}:{port}", f"{here}:5000")
        made.talk(0.02, f"{x}B", receiver, "receive", f"{x}03", f"{there}:{port}", f"{here}:5001")
        return {("session", out, "session", into, name, "inferred")}

    return case


def j8_twice(made: Made, x: str) -> set[Link]:
    out = made.talk(0, f"{x}A", "hub", "send", f"{x}01", "10.9.0.1:5000", "10.9.0.2:2526")
    into = [
        made.talk(seconds, f"{x}B", "hub", "receive", f"{x}0{n}", "10.9.0.2:2526", "10.9.0.1:5000")
        for n, seconds in ((2, 0.02), (3, 1.5))
    ]
    return {("session", out, "session", key, "J8", "ambiguous") for key in into}


def j3(made: Made, x: str) -> set[Link]:
    front = made.talk(0, f"{x}A", "frontend", "receive", f"{x}01", "10.3.0.1:25", "192.0.2.1:4000")
    made.talk(0, f"{x}B", "frontend", "receive", f"{x}01", "10.3.0.9:25", "192.0.2.1:4000")  # the same id elsewhere
    hub = made.talk(
        0.1,
        f"{x}C",
        "hub",
        "receive",
        f"{x}02",
        "10.3.0.2:2525",
        "10.3.0.1:5000",
        ("<", f"XPROXYFROM SID={x}01 IP=192.0.2.1 PORT=4000 DOMAIN=example.com", ""),
    )
    return {("session", front, "session", hub, "J3", "observed")}


def j4(made: Made, x: str) -> set[Link]:
    """Two messages in one session that share a message-id: the queue entry tells them apart."""
    key = made.talk(
        0,
        f"{x}A",
        "hub",
        "receive",
        f"{x}01",
        "10.4.0.2:2525",
        "10.4.0.1:5000",
        *mail("a@contoso.com", reply(7, f"{x}A", x)),
        *mail("b@contoso.com", reply(8, f"{x}A", x)),
    )
    rows = [
        made.track(
            1,
            f"{x}A",
            "RECEIVE",
            internal_message_id=number,
            message_id=ID.format(x),
            source_context=f"{x}01;2026-03-02T12:00:00.100Z;{number - 6}",
        )
        for number in (7, 8)
    ]
    return {("transaction", f"{key}#{n + 1}", "tracking_event", row, "J4", "observed") for n, row in enumerate(rows)}


def j5(made: Made, x: str) -> set[Link]:
    key = made.talk(
        0,
        f"{x}A",
        "frontend",
        "receive",
        f"{x}01",
        "10.5.0.1:25",
        "192.0.2.1:4000",
        *mail("anna@contoso.com", reply(7, f"{x}B", x)),
    )
    row = made.track(1, f"{x}B", "RECEIVE", internal_message_id=7, message_id=ID.format(x))
    made.track(
        1, f"{x}C", "RECEIVE", internal_message_id=7, message_id="<other@example.com>"
    )  # the same number elsewhere
    return {("transaction", f"{key}#1", "tracking_event", row, "J5", "observed")}


def j6(made: Made, x: str) -> set[Link]:
    key = made.talk(
        0,
        f"{x}A",
        "hub",
        "send",
        f"{x}01",
        "10.6.0.1:5000",
        "192.0.2.9:25",
        *mail("k@example.net", "250 OK", ">", "<", record(7, x)),
    )
    row = made.track(
        1,
        f"{x}A",
        "SENDEXTERNAL",
        internal_message_id=7,
        message_id=ID.format(x),
        server_ip="192.0.2.9",
        recipient_address=["k@example.net"],
    )
    return {("transaction", f"{key}#1", "tracking_event", row, "J6", "observed")}


def j7(made: Made, x: str) -> set[Link]:
    sent = made.track(
        1,
        f"{x}A",
        "SEND",
        internal_message_id=7,
        message_id=ID.format(x),
        source_context=f";{reply(70, f'{x}B', x)};ClientSubmitTime:",
    )
    row = made.track(1, f"{x}B", "RECEIVE", internal_message_id=70, message_id=ID.format(x))
    made.track(1, f"{x}C", "RECEIVE", internal_message_id=70, message_id=ID.format(x))  # the same number elsewhere
    return {("tracking_event", sent, "tracking_event", row, "J7", "observed")}


def j10(made: Made, x: str) -> set[Link]:
    key = made.talk(0, f"{x}A", "delivery", "receive", f"{x}01", "10.8.0.2:475", "10.8.0.1:5000")
    row = made.track(
        0.1,
        f"{x}A",
        "DELIVER",
        "STOREDRIVER",
        message_id=ID.format(x),
        source_context=f"{x}01;2026-03-02T12:00:00.000Z;ClientSubmitTime:",
    )
    return {("session", key, "tracking_event", row, "J10", "observed")}


def j11(made: Made, x: str) -> set[Link]:
    sent = made.track(1, f"{x}A", "SEND", internal_message_id=7, message_id=ID.format(x))
    given = made.track(
        1,
        f"{x}B",
        "DELIVER",
        "STOREDRIVER",
        internal_message_id=7,
        message_id=ID.format(x),
        client_hostname=f"{x}A.contoso.com",
    )
    made.track(
        1,
        f"{x}B",
        "DELIVER",
        "STOREDRIVER",
        internal_message_id=7,
        message_id=ID.format(x),
        client_hostname=f"{x}A.contoso.com",
        recipient_address=["other@contoso.com"],
    )
    return {("tracking_event", sent, "tracking_event", given, "J11", "observed")}


def j12(made: Made, x: str) -> set[Link]:
    context = f"MDB:m, Mailbox:{x}, Event:77, MessageClass:IPM.Note, CreationTime:2026-03-02T12:00:00.000Z"
    noted = made.track(0, f"{x}A", "NOTIFYMAPI", "STOREDRIVER", message_id=None, source_context=context)
    read = made.track(1, f"{x}A", "RECEIVE", "STOREDRIVER", message_id=ID.format(x), source_context=context)
    handed = made.track(2, f"{x}A", "SUBMIT", "STOREDRIVER", message_id=ID.format(x), source_context=context)
    return {
        ("tracking_event", noted, "tracking_event", read, "J12", "observed"),
        ("tracking_event", read, "tracking_event", handed, "J12", "observed"),
    }


def j13(made: Made, x: str) -> set[Link]:
    handed = made.track(
        0, f"{x}A", "SUBMIT", "STOREDRIVER", message_id=ID.format(x), server_hostname=f"{x}B.contoso.com"
    )
    row = made.track(1, f"{x}B", "RECEIVE", internal_message_id=7, message_id=ID.format(x))
    return {("tracking_event", handed, "tracking_event", row, "J13", "observed")}


def j14(made: Made, x: str) -> set[Link]:
    context = f"{x}B.contoso.com=250 2.6.0 <{x}@example.com> [InternalId={x}B.contoso.com, Hostname=55] Queued mail for redundancy"
    shadow = made.track(1, f"{x}B", "HARECEIVE", internal_message_id=55, message_id=ID.format(x))
    primary = made.track(
        1, f"{x}A", "HAREDIRECT", internal_message_id=7, message_id=ID.format(x), source_context=context
    )
    return {("tracking_event", primary, "tracking_event", shadow, "J14", "observed")}


def j15(made: Made, x: str) -> set[Link]:
    """A fork by queue entry; a report by FAIL, by its cause's message-id."""
    first = made.track(
        1, f"{x}A", "RECEIVE", internal_message_id=7, message_id=ID.format(x), network_message_id=f"{x}-1"
    )
    fork = made.track(
        2,
        f"{x}A",
        "TRANSFER",
        "ROUTING",
        internal_message_id=8,
        message_id=ID.format(x),
        network_message_id=f"{x}-1",
        reference="{7}",
    )
    failed = made.track(
        3,
        f"{x}A",
        "FAIL",
        "ROUTING",
        internal_message_id=8,
        message_id=ID.format(x),
        network_message_id=f"{x}-1",
        reference=f"<{x}report@contoso.com>",
    )
    report = made.track(
        4,
        f"{x}A",
        "DSN",
        "DSN",
        internal_message_id=9,
        message_id=f"<{x}report@contoso.com>",
        network_message_id=f"{x}-2",
        reference=ID.format(x),
    )
    return {
        ("tracking_event", fork, "tracking_event", first, "J15", "observed"),
        ("tracking_event", report, "tracking_event", failed, "J15", "observed"),
        ("tracking_event", report, "message", f"{x}-1", "J15", "observed"),
    }


def j15_twice(made: Made, x: str) -> set[Link]:
    """The cause's message-id is that of two messages and nothing else tells which: both, as ambiguous."""
    for copy in (1, 2):
        made.track(
            copy,
            f"{x}A",
            "RECEIVE",
            internal_message_id=copy,
            message_id=ID.format(x),
            network_message_id=f"{x}-{copy}",
        )
    made_by = made.track(
        4,
        f"{x}A",
        "RECEIVE",
        "AGENT",
        internal_message_id=9,
        message_id=f"<{x}journal@contoso.com>",
        network_message_id=f"{x}-3",
        reference=ID.format(x),
    )
    return {("tracking_event", made_by, "message", f"{x}-{copy}", "J15", "ambiguous") for copy in (1, 2)}


def j16(made: Made, x: str) -> set[Link]:
    made.track(1, f"{x}A", "RECEIVE", internal_message_id=7, message_id=ID.format(x), network_message_id=f"{x}-1")
    cloud = made.add("exo_trace_event", message_id=f"{x}@example.com", status="Delivered")
    return {("exo_trace_event", cloud, "message", f"{x}-1", "J16", "inferred")}


def j17(made: Made, x: str) -> set[Link]:
    """Neither the queue entry nor the session is known: the message-id is what is left."""
    key = made.talk(
        0,
        f"{x}A",
        "frontend",
        "receive",
        f"{x}01",
        "10.7.0.1:25",
        "192.0.2.1:4000",
        *mail("anna@contoso.com", f"250 2.6.0 <{x}@example.com> [InternalId=99, Hostname={x}GONE.contoso.com]"),
    )
    made.track(1, f"{x}B", "DELIVER", "STOREDRIVER", message_id=ID.format(x), network_message_id=f"{x}-1")
    return {("transaction", f"{key}#1", "message", f"{x}-1", "J17", "inferred")}


def j17_twice(made: Made, x: str) -> set[Link]:
    key = made.talk(
        0,
        f"{x}A",
        "frontend",
        "receive",
        f"{x}01",
        "10.7.0.1:25",
        "192.0.2.1:4000",
        *mail("anna@contoso.com", f"250 2.6.0 <{x}@example.com> [InternalId=99, Hostname={x}GONE.contoso.com]"),
    )
    for copy in (1, 2):
        made.track(copy, f"{x}B", "DELIVER", "STOREDRIVER", message_id=ID.format(x), network_message_id=f"{x}-{copy}")
    return {("transaction", f"{key}#1", "message", f"{x}-{copy}", "J17", "ambiguous") for copy in (1, 2)}


def j18(made: Made, x: str) -> set[Link]:
    key = made.talk(0, f"{x}A", "frontend", "receive", f"{x}01", "10.7.0.1:25", "192.0.2.1:4000")
    made.talk(0, f"{x}B", "frontend", "receive", f"{x}01", "10.7.0.2:25", "192.0.2.1:4000")  # the same id elsewhere
    made.track(
        1, f"{x}A", "RECEIVE", internal_message_id=7, message_id=ID.format(x), network_message_id=f"{x.lower()}-1"
    )
    row = made.add(
        "agent_event", server=f"{x}A", session_id=f"{x}01", network_msg_id=f"{x.lower()}-1", date_time=at(0.1)
    )
    return {
        ("agent_event", row, "session", key, "J18", "observed"),
        ("agent_event", row, "message", f"{x.lower()}-1", "J18", "observed"),
    }


CASES: dict[str, Case] = {
    "J1": j1,
    "J1 with two candidates": j1_twice,
    "J2": pair(2525, "frontend", "hub", "J2"),
    "J3": j3,
    "J4": j4,
    "J5": j5,
    "J6": j6,
    "J7": j7,
    "J8": pair(2525, "hub", "hub", "J8"),
    "J8 with two candidates": j8_twice,
    "J9": pair(475, "hub", "delivery", "J9"),
    "J10": j10,
    "J11": j11,
    "J12": j12,
    "J13": j13,
    "J14": j14,
    "J15": j15,
    "J15 with two candidates": j15_twice,
    "J16": j16,
    "J17": j17,
    "J17 with two candidates": j17_twice,
    "J18": j18,
}


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, set[Link]], dict[str, int]]]:
    """All cases, each with servers, ids and a file of its own, built once."""
    made, expected, files = Made(), {}, {}
    for number, (name, case) in enumerate(CASES.items(), 1):
        made.file_id = files[name] = number
        expected[name] = case(made, f"C{number:02d}")
    con = made.build()
    yield con, expected, files
    con.close()


@pytest.mark.parametrize("name", CASES)
def test_a_join_ties_its_records_and_no_others(built: Any, name: str) -> None:
    con, expected, files = built
    number = files[name]
    found = {
        tuple(row.values())
        for row in ask(con, "select from_kind, from_key, to_kind, to_key, join_name, basis from link")
        if row["join_name"] == name.split(maxsplit=1)[0]
        and any(key.startswith((f"{number}:", f"C{number:02d}")) for key in (row["from_key"], row["to_key"]))
    }
    assert found == expected[name]
