"""Trees and legs on a handful of rows: what no simulated estate shows, or shows only together with everything else."""

from __future__ import annotations

from tests.models.made import Made, Row, ask, mail


def legs(con: object, where: str = "true") -> dict[str, str]:
    rows = ask(con, f"select recipient_address, status from leg where {where}")  # type: ignore[arg-type]
    assert len({row["recipient_address"] for row in rows}) == len(rows)
    return {row["recipient_address"]: row["status"] for row in rows}


def tree(con: object) -> list[Row]:
    return ask(
        con,  # type: ignore[arg-type]
        "select h.kind, h.outcome, h.basis, h.to_server, p.kind as parent from hop h left join hop p on p.hop_key = h.parent_hop_key"
        " order by h.hop_number",
    )


def test_one_row_with_recipients_of_different_fates_gives_each_its_own_status() -> None:
    made = Made()
    made.track(
        1,
        "EX01",
        "DELIVERFAIL",
        "STOREDRIVER",
        internal_message_id=7,
        client_hostname="EX01.contoso.com",
        recipient_address=["a@contoso.com", "b@contoso.com", "c@contoso.com"],
        recipient_status=["250 2.1.5 OK", "432 4.3.2 STOREDRV; busy", "550 5.2.2 STOREDRV; full"],
    )
    assert legs(made.build()) == {"a@contoso.com": "delivered", "b@contoso.com": "deferred", "c@contoso.com": "failed"}


def test_a_proxy_address_and_the_mailbox_it_resolves_to_are_one_leg() -> None:
    made = Made()
    made.track(1, "EX01", "RECEIVE", internal_message_id=7, recipient_address=["Info@contoso.com"])
    made.track(2, "EX01", "RESOLVE", "ROUTING", internal_message_id=7, related_recipient_address="info@contoso.com")
    made.track(3, "EX01", "DELIVER", "STOREDRIVER", internal_message_id=7, client_hostname="EX01.contoso.com")
    assert legs(made.build()) == {"anna@contoso.com": "delivered"}


def test_a_message_without_message_id_is_kept_and_followed_by_its_queue_entry() -> None:
    made = Made()
    made.track(1, "EX01", "RECEIVE", internal_message_id=7, message_id=None)
    made.track(
        2, "EX02", "DELIVER", "STOREDRIVER", internal_message_id=7, message_id=None, client_hostname="EX01.contoso.com"
    )
    made.track(1, "EX03", "RECEIVE", internal_message_id=7, message_id=None, recipient_address=["else@contoso.com"])
    con = made.build()
    assert [row["n"] for row in ask(con, "select count(*) as n from message")] == [2]
    assert legs(con) == {"anna@contoso.com": "delivered", "else@contoso.com": "in transit"}


def test_one_message_id_on_two_messages_makes_two_messages() -> None:
    made = Made()
    for copy, person in (("c1", "anna@contoso.com"), ("c2", "ben@contoso.com")):
        made.track(
            1, "EX01", "RECEIVE", internal_message_id=int(copy[1]), network_message_id=copy, recipient_address=[person]
        )
    con = made.build()
    assert sorted(row["network_message_id"] for row in ask(con, "select network_message_id from message")) == [
        "c1",
        "c2",
    ]
    assert all(row["leg_count"] == 1 for row in ask(con, "select leg_count from message"))


def test_before_2013_two_senders_or_two_ways_in_of_one_message_id_make_two_messages() -> None:
    made = Made()
    for number, sender in ((1, "p@example.com"), (2, "q@example.net")):
        made.track(1, "HUB1", "RECEIVE", internal_message_id=number, sender_address=sender)
        made.track(
            2,
            "HUB1",
            "DELIVER",
            "STOREDRIVER",
            internal_message_id=number,
            sender_address=sender,
            client_hostname="HUB1",
        )
    # one sender, one message-id, and two ways in: from a mailbox and from outside; the second is split
    twice = {"message_id": "<twice@example.com>"}
    event = {"source_context": "MDB:d, Mailbox:b, Event:7, MessageClass:IPM.Note"}
    made.track(10, "MBX1", "SUBMIT", "STOREDRIVER", **twice, **event, client_hostname="MBX1", server_hostname="HUB1")
    made.track(10, "HUB1", "RECEIVE", "STOREDRIVER", internal_message_id=11, **twice, **event)
    made.track(11, "HUB1", "DELIVER", "STOREDRIVER", internal_message_id=11, **twice, client_hostname="HUB1")
    made.track(20, "HUB1", "RECEIVE", internal_message_id=12, **twice, message_info="0cA: ")
    made.track(21, "HUB1", "TRANSFER", "ROUTING", internal_message_id=13, reference="12", **twice)
    made.track(22, "HUB1", "FAIL", "ROUTING", internal_message_id=13, **twice)
    # a row that may belong to either: they stay one
    for number in (21, 22):
        made.track(
            number, "HUB1", "RECEIVE", internal_message_id=number, message_id="<torn@example.com>", message_info="0cA: "
        )
    made.track(
        30,
        "HUB2",
        "RECEIVE",
        internal_message_id=23,
        message_id="<torn@example.com>",
        client_hostname="HUB1",
        message_info="0cI: ",
    )
    rows = ask(made.build(), "select message_id, sender_address, hop_count, status from message order by all")
    assert [tuple(row.values()) for row in rows] == [
        ("m@example.com", "p@example.com", 2, "delivered"),
        ("m@example.com", "q@example.net", 2, "delivered"),
        ("torn@example.com", "p@example.com", 3, "in transit"),
        ("twice@example.com", "p@example.com", 2, "delivered"),
        ("twice@example.com", "p@example.com", 2, "failed"),
    ]


def test_a_submission_that_lost_its_message_id_is_found_by_mailbox_and_event() -> None:
    context = "MDB:d, Mailbox:b, Event:77, MessageClass:IPM.Note, CreationTime:2026-03-02T12:00:00.000Z, ClientType:OWA"
    made = Made()
    made.track(0, "EX01", "NOTIFYMAPI", "STOREDRIVER", message_id=None, recipient_address=[], source_context=context)
    made.track(
        1, "EX01", "RECEIVE", "STOREDRIVER", internal_message_id=438, source_context=context, network_message_id="c1"
    )
    made.track(
        3,
        "EX01",
        "SUBMIT",
        "STOREDRIVER",
        message_id=None,
        source_context=context,
        client_hostname="EX01.contoso.com",
        server_hostname="EX02.contoso.com",
    )
    made.track(2, "EX02", "RECEIVE", internal_message_id=7, network_message_id="c1", client_hostname="EX01.contoso.com")
    con = made.build()
    assert [(row["kind"], row["basis"], row["to_server"]) for row in tree(con)] == [("submit", "observed", "EX02")]
    assert [row["n"] for row in ask(con, "select count(*) as n from message")] == [1]


def test_a_group_inside_a_group_hangs_below_the_group_that_names_it() -> None:
    made = Made()
    made.track(1, "EX01", "RECEIVE", internal_message_id=7, recipient_address=["all@contoso.com"])
    made.track(
        2,
        "EX01",
        "EXPAND",
        "ROUTING",
        internal_message_id=7,
        related_recipient_address="all@contoso.com",
        recipient_address=["sales@contoso.com", "anna@contoso.com"],
    )
    made.track(
        3,
        "EX01",
        "EXPAND",
        "ROUTING",
        internal_message_id=7,
        related_recipient_address="Sales@contoso.com",
        recipient_address=["ben@contoso.com"],
    )
    con = made.build()
    assert [(row["kind"], row["parent"]) for row in tree(con)] == [
        ("receive", None),
        ("expand", "receive"),
        ("expand", "expand"),
    ]
    assert legs(con)["sales@contoso.com"] == "expanded"


def test_members_that_a_group_hides_are_legs_all_the_same() -> None:
    made = Made()
    made.track(1, "EX01", "RECEIVE", internal_message_id=7, recipient_address=["secret@contoso.com"])
    made.track(
        2,
        "EX01",
        "EXPAND",
        "ROUTING",
        internal_message_id=7,
        related_recipient_address="secret@contoso.com",
        recipient_address=[],
    )
    made.track(3, "EX01", "DELIVER", "STOREDRIVER", internal_message_id=7, client_hostname="EX01.contoso.com")
    assert legs(made.build()) == {"secret@contoso.com": "expanded", "anna@contoso.com": "delivered"}


def test_a_shadow_server_that_resubmits_continues_the_path_of_its_primary() -> None:
    context = "EX02.contoso.com=250 2.6.0 <m@example.com> [InternalId=EX02.contoso.com, Hostname=55] Queued mail for redundancy"
    made = Made()
    made.track(1, "EX01", "HAREDIRECT", internal_message_id=7, source_context=context)
    made.track(1, "EX02", "HARECEIVE", internal_message_id=55, client_hostname="EX01.contoso.com")
    made.track(2, "EX01", "RECEIVE", internal_message_id=7)
    made.track(9000, "EX02", "RESUBMIT", "REDUNDANCY", internal_message_id=60, reference="55")
    made.track(9001, "EX02", "DELIVER", "STOREDRIVER", internal_message_id=60, client_hostname="EX02.contoso.com")
    con = made.build()
    assert [(row["kind"], row["outcome"], row["parent"]) for row in tree(con)] == [
        ("receive", "accepted", None),
        ("fork", "resubmitted", "receive"),
        ("deliver", "accepted", "fork"),
    ]
    assert legs(con) == {"anna@contoso.com": "delivered"}


def test_a_copy_that_the_store_already_has_is_a_duplicate() -> None:
    made = Made()
    made.track(1, "EX01", "DUPLICATEDELIVER", "STOREDRIVER", internal_message_id=7, client_hostname="EX01.contoso.com")
    assert legs(made.build()) == {"anna@contoso.com": "duplicate"}


def test_a_hub_of_2010_delivers_without_a_conversation_and_without_a_port() -> None:
    made = Made()
    made.track(1, "HUB1", "RECEIVE", internal_message_id=7, client_ip="192.0.2.1", connector_id="HUB1\\Default HUB1")
    made.track(
        2, "HUB1", "DELIVER", "STOREDRIVER", internal_message_id=7, client_hostname="HUB1", server_hostname="MBX1"
    )
    hops = ask(made.build(), "select kind, to_server, to_service, to_port from hop order by hop_number")
    assert [tuple(hop.values()) for hop in hops] == [
        ("receive", "HUB1", "hub", None),
        ("deliver", "MBX1", "delivery", None),
    ]


def test_what_a_hub_took_in_from_a_server_of_unknown_kind_is_inferred() -> None:
    """Submission or another hub: the row alone does not tell, so the kind is a guess and says so."""
    made = Made()
    made.track(
        1,
        "EX01",
        "RECEIVE",
        internal_message_id=7,
        network_message_id="c1",
        client_hostname="EX02.contoso.com",
        client_ip="10.0.0.2",
        connector_id="EX01\\Default EX01",
        message_info="0cI: ",
        directionality="Originating",
    )
    con = made.build()
    assert [row["basis"] for row in tree(con)] == ["inferred"]
    assert [(row["server"], row["log"]) for row in ask(con, "select server, log from gap where side = 'before'")] == [
        ("EX02", "message_tracking")
    ]


# What a peer gets wrong: nothing of this may be lost or merged.


def test_two_recipients_of_one_session_are_two_legs() -> None:
    steps = [("<", "MAIL FROM:<p@example.com>", ""), (">", "250 2.1.0 Sender OK", "")]
    for person in ("anna", "ben"):
        steps += [("<", f"RCPT TO:<{person}@contoso.com>", ""), (">", "250 2.1.5 Recipient OK", "")]
    made = Made()
    made.talk(
        0,
        "EX01",
        "frontend",
        "receive",
        "01",
        "10.0.0.1:25",
        "192.0.2.1:4000",
        *steps,
        ("<", "DATA", ""),
        (">", "354 Start mail input", ""),
        (">", "250 2.6.0 <m@example.com> [InternalId=7, Hostname=EX01.contoso.com]", ""),
    )
    assert legs(made.build()) == dict.fromkeys(("anna@contoso.com", "ben@contoso.com"), "unknown")


def test_the_same_time_session_and_sequence_on_two_servers_are_two_sessions() -> None:
    made = Made()
    for server, person in (("EX01", "anna@contoso.com"), ("EX02", "ben@contoso.com")):
        made.talk(
            0,
            server,
            "frontend",
            "receive",
            "01",
            "10.0.0.1:25",
            "192.0.2.1:4000",
            *mail(person, f"250 2.6.0 <{person}> [InternalId=7, Hostname={server}.contoso.com]"),
        )
    con = made.build()
    assert [row["n"] for row in ask(con, "select count(*) as n from session")] == [2]
    assert len(legs(con)) == 2


def test_one_tracking_key_twice_with_different_recipients_keeps_both() -> None:
    made = Made()
    for person in ("anna@contoso.com", "ben@contoso.com"):
        made.track(
            1,
            "EX01",
            "DELIVER",
            "STOREDRIVER",
            internal_message_id=7,
            client_hostname="EX01.contoso.com",
            recipient_address=[person],
        )
    con = made.build()
    assert legs(con) == {"anna@contoso.com": "delivered", "ben@contoso.com": "delivered"}
    assert [row["n"] for row in ask(con, "select count(*) as n from hop")] == [1]


def through_frontend(made: Made, answer: str, has_hub: bool = True) -> None:
    """A hub hands a message to a front end on 717, which hands it to a system outside; all get the same answer."""
    record = ("*", "", "sending message with RecordId 7 and InternetMessageId <m@example.com>")
    if has_hub:
        made.track(0, "EX01", "RECEIVE", internal_message_id=7, client_ip="10.0.0.9", connector_id="EX01\\Default EX01")
        made.talk(1, "EX01", "hub", "send", "A1", "10.0.0.1:5000", "10.0.0.2:717", *mail("kim@fabrikam.com", answer, ">", "<", record), connector="Partner")  # fmt: skip
    else:
        made.talk(1, "EX01", "hub", "receive", "A0", "10.0.0.1:2525", "10.0.0.9:4000", ("<", "EHLO scan", ""))
    made.talk(1, "EX02", "frontend", "receive", "B1", "10.0.0.2:717", "10.0.0.1:5000", *mail("kim@fabrikam.com", answer), connector="EX02\\Outbound Proxy Frontend EX02")  # fmt: skip
    made.talk(1, "EX02", "frontend", "send", "B2", "10.0.0.2:6000", "203.0.113.20:25", *mail("kim@fabrikam.com", answer, ">", "<"), connector="Outbound Proxy Send Connector")  # fmt: skip


def test_behind_the_outbound_proxy_an_answer_with_an_id_proves_the_way_outside() -> None:
    made = Made()
    through_frontend(made, "250 2.0.0 Ok: queued as 4F2A9B0C1D")
    con = made.build()
    assert [(row["kind"], row["basis"], row["parent"]) for row in tree(con)][1:] == [
        ("proxy", "observed", "receive"),
        ("external", "observed", "proxy"),
    ]
    assert [row["message_key"] for row in ask(con, "select message_key from message")] == ["id:m@example.com"]


def test_behind_the_outbound_proxy_envelope_and_time_alone_prove_nothing() -> None:
    made = Made()
    through_frontend(made, "250 OK")
    assert [(row["kind"], row["basis"]) for row in tree(made.build())][1:] == [
        ("proxy", "observed"),
        ("external", "inferred"),
    ]


def test_without_the_hub_the_front_end_shows_who_handed_it_over_for_the_outside() -> None:
    made = Made()
    through_frontend(made, "250 2.6.0 <m@example.com> [InternalId=9, Hostname=mail.fabrikam.com] Queued", has_hub=False)
    con = made.build()
    assert [(row["kind"], row["basis"], row["parent"]) for row in tree(con)] == [
        ("proxy", "observed", None),
        ("external", "observed", "proxy"),
    ]
    assert ask(con, "select from_server from hop where kind = 'proxy'") == [{"from_server": "EX01"}]
    assert [tuple(row.values()) for row in ask(con, "select server, service, log from gap")] == [
        ("EX01", "hub", "message_tracking")
    ]


def test_the_session_of_mailbox_delivery_alone_shows_the_delivery() -> None:
    made = Made()
    made.talk(0, "EX01", "hub", "receive", "A0", "10.0.0.1:2525", "10.0.0.9:4000", ("<", "EHLO scan", ""))
    made.talk(1, "EX02", "delivery", "receive", "C1", "10.0.0.2:475", "10.0.0.1:5000",
              *mail("anna@contoso.com", "250 2.0.0 OK <m@example.com> [Hostname=EX02.contoso.com]"))  # fmt: skip
    con = made.build()
    assert [(row["kind"], row["basis"], row["to_server"]) for row in tree(con)] == [("deliver", "observed", "EX02")]
    assert ask(con, "select status, basis from leg") == [{"status": "delivered", "basis": "inferred"}]
    assert [tuple(row.values()) for row in ask(con, "select server, service from gap order by server")] == [
        ("EX01", "hub"),
        ("EX02", "delivery"),
    ]


def test_which_delivery_came_first_is_not_claimed_of_a_duplicate() -> None:
    made = Made()
    made.track(1, "EX01", "DELIVER", "STOREDRIVER", internal_message_id=6, recipient_address=["bob@contoso.com"], client_hostname="EX01.contoso.com")  # fmt: skip
    made.track(2, "EX01", "DUPLICATEDELIVER", "STOREDRIVER", internal_message_id=7, client_hostname="EX01.contoso.com")
    assert ask(made.build(), "select basis from leg where status = 'duplicate'") == [{"basis": "inferred"}]


def waiting(made: Made, *numbers: int, message_count: int = 1) -> None:
    """Messages that came into a queue of EX01, and the queue as a listing shows it."""
    error = "[{LED=451 4.4.397 Error communicating with target host.};{FQDN=mail.fabrikam.com};{IP=203.0.113.20}]"
    for number in numbers:
        made.track(
            number, "EX01", "RECEIVE", internal_message_id=number, client_ip="10.0.0.9", message_id=f"<{number}@contoso.com>",
            connector_id="EX01\\Relay", recipient_address=["kim@fabrikam.com", "anna@contoso.com"],
        )  # fmt: skip
    made.add(
        "queue_state", server="EX01", identity="EX01\\5", delivery_type="DnsConnectorDelivery", status="Retry",
        message_count=message_count, next_hop_domain="fabrikam.com", next_hop_category="External", last_error=error,
    )  # fmt: skip


def test_a_message_in_a_queue_in_retry_is_deferred_at_the_host_that_the_error_names() -> None:
    made = Made()
    waiting(made, 7)
    con = made.build()
    assert [(row["kind"], row["outcome"], row["basis"]) for row in tree(con)][1:] == [
        ("external", "deferred", "inferred")
    ]
    assert legs(con) == {"kim@fabrikam.com": "deferred", "anna@contoso.com": "in transit"}


def test_a_queue_of_fewer_messages_than_are_open_tells_of_none() -> None:
    made = Made()
    waiting(made, 7, 8)
    con = made.build()
    assert {row["kind"] for row in tree(con)} == {"receive"}
    assert {row["status"] for row in ask(con, "select status from leg")} == {"in transit"}


def test_a_message_that_left_the_queue_before_is_not_in_it() -> None:
    made = Made()
    waiting(made, 7)
    made.track(9, "EX01", "SENDEXTERNAL", internal_message_id=7, message_id="<7@contoso.com>", server_ip="203.0.113.20",
               server_hostname="mail.fabrikam.com", connector_id="Internet", recipient_address=["kim@fabrikam.com"])  # fmt: skip
    assert legs(made.build())["kim@fabrikam.com"] == "relayed"


def test_two_queue_entries_through_one_front_end_keep_their_own_way_outside() -> None:
    made = Made()
    made.track(0, "EX01", "RECEIVE", internal_message_id=7, client_ip="10.0.0.9", connector_id="EX01\\Default EX01", recipient_address=["a@fabrikam.com", "b@example.net"])  # fmt: skip
    made.track(0.5, "EX01", "TRANSFER", "ROUTING", internal_message_id=8, reference="7", recipient_address=["b@example.net"])  # fmt: skip
    for number, address, far in ((7, "a@fabrikam.com", "203.0.113.20"), (8, "b@example.net", "203.0.113.30")):
        answer, near = f"250 2.0.0 Ok: queued as {number}F2A9B0C1D", f"10.0.0.1:500{number}"
        record = ("*", "", f"sending message with RecordId {number} and InternetMessageId <m@example.com>")
        made.talk(1, "EX01", "hub", "send", f"A{number}", near, "10.0.0.2:717", *mail(address, answer, ">", "<", record))  # fmt: skip
        made.talk(1, "EX02", "frontend", "receive", f"B{number}", "10.0.0.2:717", near, *mail(address, answer))
        made.talk(1, "EX02", "frontend", "send", f"C{number}", f"10.0.0.2:600{number}", f"{far}:25", *mail(address, answer, ">", "<"))  # fmt: skip
    con = made.build()
    found = ask(con, "select h.to_ip, g.kind from hop h join hop p on p.hop_key = h.parent_hop_key join hop g on g.hop_key = p.parent_hop_key where h.kind = 'external'")  # fmt: skip
    assert {row["to_ip"]: row["kind"] for row in found} == {"203.0.113.20": "receive", "203.0.113.30": "fork"}
    ends = ask(con, "select l.recipient_address, l.status, h.to_ip from leg l join hop h on h.hop_key = l.hop_keys[-1]")
    assert sorted(tuple(row.values()) for row in ends) == [
        ("a@fabrikam.com", "relayed", "203.0.113.20"),
        ("b@example.net", "relayed", "203.0.113.30"),
    ]


def test_of_two_servers_behind_one_translated_address_none_is_taken_for_the_other() -> None:
    made = Made()
    for number in (1, 2):
        server = f"EX0{number}"
        made.talk(0, server, "hub", "receive", f"A{number}", f"10.0.0.{number}:2525", "10.0.0.9:4000", ("<", "EHLO scan", ""))  # fmt: skip
        logon = [("<", f"EHLO {server}.contoso.com", ""), ("<", "X-EXPS GSSAPI", ""), (">", "235 <authentication information>", "")]  # fmt: skip
        made.talk(number * 10, "EX03", "delivery", "receive", f"C{number}", "10.0.0.3:475", f"172.16.0.1:500{number}",
                  *logon, *mail("anna@contoso.com", f"250 2.0.0 OK <m{number}@example.com> [Hostname=EX03.contoso.com]"))  # fmt: skip
    con = made.build()
    found = ask(con, "select m.message_id, h.from_server from hop h join message m on m.message_key = h.message_key")
    assert {row["message_id"]: row["from_server"] for row in found} == {"m1@example.com": "EX01", "m2@example.com": "EX02"}  # fmt: skip
    assert ask(con, "select server from inventory where network = '172.16.0.1'") == [{"server": None}]
