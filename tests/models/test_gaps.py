"""What is missing of a path, and what little is left of it, told as far as rows show and no further."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.models.made import Made, ask, at, mail

HOUR = 3600
SUBMIT_CONTEXT = "MDB:aaaa, Mailbox:bbbb, Event:77, MessageClass:IPM.Note"


def logon(server: str) -> list[tuple[str, str, str]]:
    return [("<", f"EHLO {server}.contoso.com", ""), ("<", "X-EXPS GSSAPI", ""), (">", "235 <authentication information>", "")]  # fmt: skip


def reply(message: str, server: str, number: int) -> str:
    return f"250 2.6.0 <{message}@example.com> [InternalId={number}, Hostname={server}.contoso.com] Queued mail for delivery"


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    """A store of a few messages of which most rows are missing."""
    made = Made()

    # a queue number that comes again after a restart: the released message names its own first entry
    made.track(0, "EX01", "RECEIVE", internal_message_id=45, message_id="<held@example.com>", network_message_id="held")
    made.track(60, "EX01", "RECEIVE", "APPROVAL", internal_message_id=50, reference="45", message_id="<held@example.com>", network_message_id="held")  # fmt: skip
    made.track(HOUR, "EX01", "RECEIVE", internal_message_id=46, message_id="<first@example.com>", network_message_id="first")  # fmt: skip
    made.track(HOUR + 1, "EX01", "RECEIVE", "MAILBOXRULE", internal_message_id=51, reference="46", message_id="<copy@example.com>", network_message_id="copy")  # fmt: skip
    for number in (45, 46):
        made.track(3 * HOUR, "EX01", "RECEIVE", internal_message_id=number, message_id=f"<late{number}@example.com>", network_message_id=f"late{number}")  # fmt: skip

    # a shadow copy, and nothing else
    for seconds, event, context in ((5, "HARECEIVE", "08DD"), (150, "HADISCARD", "EX09.contoso.com")):
        made.track(seconds, "EX02", event, internal_message_id=900 + seconds, message_id=f"<{event}@example.com>", network_message_id=event,
                   client_hostname="EX09.contoso.com", source_context=context, recipient_address=["anna@contoso.com", "bob@contoso.com"])  # fmt: skip
    made.talk(8, "EX02", "hub", "receive", "S01", "10.0.0.2:2525", "10.0.0.9:4001", *logon("EX09"),
              *mail("anna@contoso.com", reply("wire", "EX02", 905).replace("delivery", "redundancy")))  # fmt: skip

    # handed to a front end by a server that logged on: an Edge server, or a hub of 2010
    made.talk(10, "EX01", "frontend", "receive", "S02", "10.0.0.1:25", "10.0.50.5:4002", *logon("GATE1"), *mail("anna@contoso.com", reply("gate", "EX01", 60)))  # fmt: skip
    made.talk(11, "EX01", "frontend", "receive", "S03", "10.0.0.1:25", "10.0.50.6:4003", *logon("GATE2"), *mail("anna@contoso.com", reply("subscribed", "EX01", 61)))  # fmt: skip
    made.add("send_connector", name="EdgeSync - Oslo to Internet", source_transport_servers=["GATE2"])

    # the Submission service's row names the hub, whose own tracking is not here
    made.talk(20, "EX03", "hub", "receive", "S04", "10.0.0.3:2525", "10.0.0.1:4004", *logon("EX01"), *mail("anna@contoso.com", reply("sent", "EX03", 70)))  # fmt: skip
    made.track(20, "EX01", "SUBMIT", "STOREDRIVER", message_id="<sent@example.com>", client_hostname="EX01.contoso.com", client_ip="10.0.0.1",
               server_hostname="EX03.contoso.com", source_context=SUBMIT_CONTEXT)  # fmt: skip
    made.track(30, "EX01", "DELIVER", "STOREDRIVER", internal_message_id=70, message_id="<sent@example.com>", client_hostname="EX03.contoso.com", server_hostname="EX01.contoso.com")  # fmt: skip

    # an Edge server takes what a mailbox server sends by its Transport service only
    made.track(40, "EDGE1", "RECEIVE", internal_message_id=80, network_message_id="out", message_id="<out@example.com>", client_hostname="EX01.contoso.com",
               client_ip="10.0.0.1", connector_id="EDGE1\\Default internal receive connector EDGE1", message_info="0cI: ", directionality="Originating")  # fmt: skip

    # hubs of 2007 and 2010: a SEND row without the answer, and a client that logged on
    old = {"message_id": "<old@example.com>", "file_id": 7}
    made.track(70, "HUB7", "RECEIVE", internal_message_id=90, client_ip="192.0.2.1", client_hostname="mx.example.com", connector_id="HUB7\\Default HUB7", message_info="0cA: ", **old)  # fmt: skip
    made.track(71, "HUB7", "SEND", internal_message_id=90, server_hostname="HUB8.contoso.com", connector_id="Intra-Organization SMTP Send Connector", source_context="08CE6", **old)  # fmt: skip
    made.track(71, "HUB8", "RECEIVE", internal_message_id=91, client_hostname="HUB7.contoso.com", connector_id="HUB8\\Default HUB8", message_info="0cI: ", **old)  # fmt: skip
    made.track(
        74,
        "HUB8",
        "DELIVER",
        "STOREDRIVER",
        internal_message_id=91,
        client_hostname="HUB8",
        server_hostname="MBX8",
        **old,
    )
    made.track(80, "HUB8", "RECEIVE", internal_message_id=92, message_id="<pc@example.com>", client_hostname="DANSPC", client_ip="192.0.2.8", connector_id="HUB8\\Default HUB8", message_info="07I: NTS: ")  # fmt: skip
    made.rows["log_file"] = [{"file_id": 7, "path": "mtl.csv", "format": "get_mtl_csv", "state": "ingested"}]

    # only the end is left of one, and all of another
    for message, number in (("tail", 95), ("whole", 96)):
        ids = {"internal_message_id": number, "message_id": f"<{message}@example.com>", "network_message_id": message}
        if message == "whole":
            for seconds in (40, 60):
                made.track(seconds, "EX01", "DEFER", recipient_status=[f"451 4.4.0 after {seconds} s"], **ids)
            made.track(30, "EX01", "RECEIVE", connector_id="EX01\\Default EX01", client_ip="192.0.2.1", **ids)
        made.track(
            90, "EX01", "SEND", server_hostname="mx.fabrikam.com", server_ip="198.51.100.9", connector_id="Out", **ids
        )
        made.track(99, "EX01", "FAIL", "ROUTING", recipient_address=["bob@fabrikam.com"], **ids)

    # a hub of 2010 before and behind a newer server: its answers have its number alone, its rows may have no answer
    to_old = {"message_id": "<to-old@example.com>", "network_message_id": "to-old"}
    made.track(
        200,
        "EX01",
        "RECEIVE",
        internal_message_id=201,
        client_ip="192.0.2.1",
        connector_id="EX01\\Default EX01",
        **to_old,
    )
    made.track(
        201,
        "EX01",
        "SEND",
        internal_message_id=201,
        server_hostname="HUB8.contoso.com",
        server_ip="10.0.0.8",
        connector_id="Intra-Organization SMTP Send Connector",
        source_context="08DF;250 2.6.0 <to-old@example.com> [InternalId=202] Queued mail for delivery",
        **to_old,
    )
    made.track(
        201,
        "HUB8",
        "RECEIVE",
        internal_message_id=202,
        message_id="<to-old@example.com>",
        client_hostname="EX01.contoso.com",
        message_info="0cI: ",
        server_ip="10.0.0.8",
    )
    made.track(
        210,
        "HUB8",
        "RECEIVE",
        internal_message_id=203,
        message_id="<by-old@example.com>",
        client_ip="192.0.2.1",
        client_hostname="mx.example.com",
        message_info="0cA: ",
    )
    made.track(
        290,
        "HUB8",
        "SEND",
        internal_message_id=203,
        message_id="<by-old@example.com>",
        server_hostname="EX01.contoso.com",
        server_ip="10.0.0.1",
        source_context="08CE7",
    )
    made.track(
        290,
        "EX01",
        "RECEIVE",
        internal_message_id=204,
        message_id="<by-old@example.com>",
        network_message_id="by-old",
        client_ip="10.0.0.1",
        client_hostname="EX01.contoso.com",
        connector_id="EX01\\Default EX01",
        custom_data="S:ProxyHop1=EX01.contoso.com(10.0.0.1)",
        original_client_ip="10.0.0.8",
    )
    made.track(
        291,
        "EX01",
        "REDIRECT",
        "ROUTING",
        internal_message_id=204,
        message_id="<by-old@example.com>",
        network_message_id="by-old",
        recipient_address=["bob@contoso.com"],
        related_recipient_address="anna@contoso.com",
    )
    made.track(
        292,
        "EX01",
        "DELIVER",
        "STOREDRIVER",
        internal_message_id=204,
        message_id="<by-old@example.com>",
        network_message_id="by-old",
        client_hostname="EX01.contoso.com",
        server_hostname="EX01.contoso.com",
        recipient_address=["anna@contoso.com"],
    )

    # what a hub refuses, its front end refuses to the client; a sender is refused before anybody is named
    steps = [("MAIL FROM:<p@example.com>", "250 2.1.0 Sender OK"), ("RCPT TO:<nobody@contoso.com>", "550 5.1.10 not found"),
             ("RCPT TO:<anna@contoso.com>", "250 2.1.5 OK"), ("BDAT 900 LAST", reply("part", "EX01", 300))]  # fmt: skip
    for service, direction, out, back, local, remote in (
        ("frontend", "receive", "<", ">", "10.0.0.1:25", "192.0.2.7:4000"), ("frontend", "send", ">", "<", "10.0.0.1:4007", "10.0.0.1:2525"),
    ):  # fmt: skip
        said = [row for command, answer in steps for row in ((out, command, ""), (back, answer, ""))]
        made.talk(300, "EX01", service, direction, f"S3{direction}", local, remote, *said)
    made.talk(
        310,
        "EX01",
        "frontend",
        "receive",
        "S40",
        "10.0.0.1:25",
        "192.0.2.66:4000",
        ("<", "MAIL FROM:<spam@example.net>", ""),
        (">", "550 5.7.1 blocked", ""),
    )

    # a hub of 2010 whose logs are not here took it, and says its number alone
    made.talk(320, "EX01", "hub", "send", "S50", "10.0.0.1:5050", "10.0.0.7:25", ("*", "", "sending message with RecordId 310 and InternetMessageId <quiet@example.com>"),
              *mail("anna@contoso.com", "250 2.6.0 <quiet@example.com> [InternalId=5] Queued mail for delivery", ">", "<"), connector="Intra-Organization SMTP Send Connector")  # fmt: skip

    # a hub hands nothing to itself
    made.track(45, "EX01", "RECEIVE", internal_message_id=95, network_message_id="own", message_id="<own@example.com>", client_hostname="EX01.contoso.com",
               client_ip="10.0.0.1", original_client_ip="203.0.113.9", connector_id="EX01\\Default EX01", directionality="Incoming")  # fmt: skip

    # only the cloud saw it, and names an address of ours
    trace = {"kind": "summary", "date_time": at(50), "recipient_address": "anna@contoso.com", "status": "Delivered"}
    made.add("exo_trace_event", message_id="<up@example.com>", from_ip="10.0.0.1", **trace)
    made.add("exo_trace_event", message_id="<down@example.com>", from_ip="192.0.2.5", to_ip="10.0.0.1", **trace)
    con = made.build()
    yield con
    con.close()


def gaps(con: duckdb.DuckDBPyConnection, message: str) -> list[tuple[str, str, str, str]]:
    rows = ask(con, f"select g.server, g.service, g.log, g.side from gap g join message m on m.message_key = g.message_key"
                    f" where m.message_id = '{message}@example.com' order by all")  # fmt: skip
    return [(row["server"], row["service"], row["log"], row["side"]) for row in rows]


def test_a_reused_queue_number_means_the_message_that_bore_it_then(built: duckdb.DuckDBPyConnection) -> None:
    causes = ask(built, "select message_key, cause_message_key, cause_kind from message where cause_message_key is not null")  # fmt: skip
    assert [tuple(row.values()) for row in causes] == [("copy", "first", "rule")]


def test_a_message_of_which_only_a_shadow_copy_is_here_shows_the_recipients_it_names_and_claims_no_end(
    built: duckdb.DuckDBPyConnection,
) -> None:
    legs = ask(built, "select m.message_id, recipient_address, l.status, l.basis, reason_text from leg l join message m on m.message_key = l.message_key"
                      " where m.hop_count = 0 and m.message_id <> 'up@example.com' order by all")  # fmt: skip
    assert {(row["status"], row["basis"]) for row in legs} == {("unknown", "inferred")}
    assert [(row["message_id"][:-12], row["recipient_address"][:4], "discarded" in row["reason_text"]) for row in legs] == [
        ("HADISCARD", "anna", True), ("HADISCARD", "bob@", True), ("HARECEIVE", "anna", False), ("HARECEIVE", "bob@", False), ("wire", "anna", False),
    ]  # fmt: skip
    for message in ("HARECEIVE", "wire"):
        assert gaps(built, message) == [("EX09", "hub", "message_tracking", "before")]


def test_a_server_that_may_be_a_hub_or_an_edge_server_is_called_neither_until_a_row_tells(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert ("GATE1", "hub or edge", "message_tracking", "before") in gaps(built, "gate")
    assert ("GATE2", "edge", "message_tracking", "before") in gaps(built, "subscribed")


def test_a_submission_whose_hub_left_no_tracking_is_no_hand_over_between_hubs(
    built: duckdb.DuckDBPyConnection,
) -> None:
    hops = ask(built, "select h.kind, h.from_service, h.basis from hop h join message m on m.message_key = h.message_key"
                      " where m.message_id = 'sent@example.com' order by hop_number")  # fmt: skip
    assert [tuple(row.values()) for row in hops] == [("submit", "submission", "observed"), ("deliver", "hub", "observed")]  # fmt: skip
    assert gaps(built, "sent") == [("EX03", "hub", "message_tracking", "after")]


def test_what_an_edge_server_takes_from_a_server_of_ours_was_sent_by_its_transport_service(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert gaps(built, "out") == [("EDGE1", "edge", "message_tracking", "after"), ("EX01", "hub", "message_tracking", "before")]  # fmt: skip


def test_what_only_the_cloud_saw_lacks_the_row_of_the_server_whose_address_it_names(
    built: duckdb.DuckDBPyConnection,
) -> None:
    # EX01's tracking of that hour is here without it: its front end passed it on for another server's queue
    assert gaps(built, "up") == [("EX01", "frontend", "smtp_send", "before")]
    assert gaps(built, "down") == [("EX01", "frontend", "smtp_receive", "after")]


def test_what_a_hub_took_from_its_own_server_came_by_the_front_end_there(built: duckdb.DuckDBPyConnection) -> None:
    hops = ask(built, "select h.kind, h.from_ip, h.from_service, h.to_service, h.basis from hop h join message m on m.message_key = h.message_key"
                      " where m.message_id = 'own@example.com' order by hop_number")  # fmt: skip
    assert [tuple(row.values()) for row in hops] == [
        ("receive", "203.0.113.9", None, "frontend", "inferred"), ("proxy", "10.0.0.1", "frontend", "hub", "inferred"),
    ]  # fmt: skip


def test_a_sent_row_without_an_answer_is_joined_to_the_one_entry_it_can_mean_and_says_it_is_a_guess(
    built: duckdb.DuckDBPyConnection,
) -> None:
    hops = ask(built, "select h.kind, h.from_server, h.to_server, h.basis from hop h join message m on m.message_key = h.message_key"
                      " where m.message_id = 'old@example.com' order by hop_number")  # fmt: skip
    assert [tuple(row.values()) for row in hops] == [
        ("receive", None, "HUB7", "observed"), ("transfer", "HUB7", "HUB8", "inferred"), ("deliver", "HUB8", "MBX8", "observed"),
    ]  # fmt: skip
    assert gaps(built, "old") == []


def test_a_hub_of_2010_that_names_no_queue_entry_of_another_server_is_tied_to_it_all_the_same(
    built: duckdb.DuckDBPyConnection,
) -> None:
    hops = ask(built, "select h.kind, h.from_server, h.to_server, h.to_service, h.basis from hop h join message m on m.message_key = h.message_key"
                      " where m.message_id in ('to-old@example.com', 'by-old@example.com') and h.parent_hop_key is not null order by m.message_id, hop_number")  # fmt: skip
    assert [tuple(row.values()) for row in hops] == [
        ("receive", "HUB8", "EX01", "frontend", "inferred"), ("proxy", "EX01", "EX01", "hub", "observed"),
        ("fork", "EX01", "EX01", "hub", "observed"), ("deliver", "EX01", "EX01", "delivery", "observed"),
        ("transfer", "EX01", "HUB8", "hub", "observed"),
    ]  # fmt: skip


def test_who_is_redirected_and_keeps_a_copy_is_delivered_to_and_the_time_counts_from_the_first_server(
    built: duckdb.DuckDBPyConnection,
) -> None:
    legs = ask(built, "select l.recipient_address, l.status, l.total_ms > 80000 as is_whole from leg l join message m on m.message_key = l.message_key"
                      " where m.message_id = 'by-old@example.com' order by 1")  # fmt: skip
    assert [tuple(row.values()) for row in legs] == [
        ("anna@contoso.com", "delivered", True),
        ("bob@contoso.com", "in transit", None),
    ]


def test_what_is_turned_away_before_it_is_taken_is_refused_whichever_log_tells(
    built: duckdb.DuckDBPyConnection,
) -> None:
    legs = ask(built, "select l.recipient_address, l.status from leg l join message m on m.message_key = l.message_key where m.message_id = 'part@example.com' order by 1")  # fmt: skip
    assert [tuple(row.values()) for row in legs] == [("anna@contoso.com", "unknown"), ("nobody@contoso.com", "refused")]
    assert ask(built, "select status from message where sender_address = 'spam@example.net'") == [{"status": "refused"}]


def test_what_a_hub_of_ours_took_is_not_relayed_although_it_does_not_say_its_name(
    built: duckdb.DuckDBPyConnection,
) -> None:
    (leg,) = ask(built, "select l.status, l.basis from leg l join message m on m.message_key = l.message_key where m.message_id = 'quiet@example.com'")  # fmt: skip
    assert leg == {"status": "unknown", "basis": "inferred"}


def test_a_total_time_is_told_only_where_the_beginning_is_here(built: duckdb.DuckDBPyConnection) -> None:
    told = ask(built, "select m.message_id, m.total_ms, min(l.total_ms) as least_ms from leg l join message m on m.message_key = l.message_key"
                      " where m.message_id in ('tail@example.com', 'whole@example.com') group by all order by all")  # fmt: skip
    assert [(row["total_ms"], row["least_ms"]) for row in told] == [(None, None), (69_000, 60_000)]


def test_a_recipient_says_how_often_it_was_put_off_before_it_was_reached(built: duckdb.DuckDBPyConnection) -> None:
    told = ask(built, "select l.status, deferral_count, first_deferral_at, last_deferral_at, deferral_text from leg l join message m on m.message_key = l.message_key"
                      " where m.message_id = 'whole@example.com' order by all")  # fmt: skip
    assert [tuple(row.values()) for row in told] == [
        ("failed", 0, None, None, None), ("relayed", 2, at(40), at(60), "451 4.4.0 after 60 s"),
    ]  # fmt: skip


def test_what_an_export_of_whole_seconds_tells_is_right_to_a_second(built: duckdb.DuckDBPyConnection) -> None:
    (hop,) = ask(built, "select h.bound_ms from hop h join message m on m.message_key = h.message_key"
                        " where m.message_id = 'old@example.com' and h.kind = 'transfer'")  # fmt: skip
    assert hop["bound_ms"] >= 1000
    (pair,) = ask(built, "select bound_ms from clock_offset where server = 'HUB7' and peer_server = 'HUB8'")
    assert pair["bound_ms"] >= 1000


def test_a_name_without_a_domain_is_no_server(built: duckdb.DuckDBPyConnection) -> None:
    hops = ask(built, "select h.kind, h.from_server, h.basis from hop h join message m on m.message_key = h.message_key"
                      " where m.message_id = 'pc@example.com'")  # fmt: skip
    assert [tuple(row.values()) for row in hops] == [("receive", None, "inferred")]
