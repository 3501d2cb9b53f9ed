"""What the texts of the real problem reports (../shared/cases) are called: the class their expected.md names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracelens import pipeline, store
from tracelens.classify import classify
from tracelens.rulebook import Signature, load_signatures

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not beside this checkout")
SIGNATURES = load_signatures()


def lines(case: str, name: str) -> list[str]:
    return (CASES / case / name).read_text(encoding="utf-8").splitlines()


def field(case: str, name: str, key: str) -> list[str]:
    """Gives the values of a field of a Format-List output, wrapped lines put together as the console cut them."""
    found: list[str] = []
    is_open = False
    for line in lines(case, name):
        if started := re.match(r"(\w+) *: ?(.*)", line):
            is_open = started.group(1) == key
            if is_open:
                found.append(started.group(2))
        elif is_open:
            found[-1] += ("" if case.startswith("02") else " ") + line
    return found


def named(text: str, *logs: str) -> Signature:
    found = classify(text, SIGNATURES, logs)
    assert found is not None, text
    return found


def words(*found: Signature) -> str:
    return " ".join(f"{s.class_} {s.meaning} {s.lookalikes} {s.fix}" for s in found).lower()


def classes(case: str, tmp_path: Path) -> dict[str, str]:
    """Gives signature by class of the failure texts tracelens reads from a case."""
    pipeline.ingest([CASES / case], tmp_path / "S")
    return dict(store.ask(tmp_path / "S", "select distinct signature_id, class from reply_class").rows())


def test_case_01_is_relaying_denied(tmp_path: Path) -> None:
    assert classes("01-inbound-unable-to-relay", tmp_path) == {"relay-denied-non-accepted": "relay"}
    found = named("550 5.7.1 Unable to relay", "smtp_receive")
    assert found.lookalikes.startswith("own domain missing from the accepted domains")


def test_case_02_is_a_limit_of_the_store_told_twice() -> None:
    case = ("02-deliverfail-max-submission-ru", "tracking-fl.txt", "RecipientStatus")
    told = [named(text, "message_tracking") for text in field(*case) if text != "{}"]
    assert [(s.id, s.class_) for s in told] == [("cap-mailbox-max-submission", "capacity")] * 2
    assert "same failure" in words(told[0])
    assert not any(word in words(told[0]) for word in ("network", "relay", "unknown"))


def test_case_03_is_tls_inside_a_proxy_wrapper() -> None:
    (text,) = field("03-outbound-proxy-frontend-ipv6", "queue.txt", "LastError")
    assert named(text, "message_tracking").class_ == "tls"
    assert named(text, "message_tracking").severity == "medium"
    wrapper = [s for s in SIGNATURES if s.class_ == "proxy" and s.rank == 2 and s.matches(text.lower())]
    assert [s.id for s in wrapper] == ["proxy-outbound-frontend-failed"]
    said = words(named(text, "message_tracking"))
    assert "ipv6" in said
    assert not any(word in said for word in ("relay", "logon", "dns"))


def test_case_04_has_no_failure(tmp_path: Path) -> None:
    assert classes("04-hub-2525-proxied-to-empty-server", tmp_path) == {}


def test_case_05_is_routing_to_itself_though_it_says_relay() -> None:
    (text,) = [line for line in lines("05-external-send-5754-self", "ndr.txt") if "Remote Server returned" in line]
    found = named(text, "message_tracking")
    assert found.class_ == "routing"
    assert "this server itself" in words(found)
    assert "no relay right on a receive connector cures it" in words(found)


def test_case_06_is_a_recipient_that_is_not_there() -> None:
    file = lines("06-exo-validation-recipient-not-found", "connector-validation-pl.txt")
    told = [line.partition(":")[2] for line in file if line.startswith("RecipientStatus:")]
    assert [named(text).id for text in told if text] == ["dir-recipient-not-found"]
    assert not any(word in words(named(told[-1])) for word in ("tls", "delivered"))


def test_case_07_is_the_service_of_the_peer() -> None:
    told = [named(line) for line in lines("07-dag-peer-421-service-not-available", "queue-lasterror.txt") if line]
    assert {s.class_ for s in told} == {"proxy"}


def test_case_08_is_tls_three_layers_deep() -> None:
    (text,) = lines("08-hybrid-proxy-starttls-required", "connectivity-test-error.txt")
    found = named(text)
    assert (found.id, found.class_) == ("tls-starttls-required", "tls")
    assert "nothing to do with logons" in words(found)
    assert "receive connector names a certificate that is gone" in words(found)


def test_case_09_is_the_name_of_the_edge_server() -> None:
    told = [line for line in lines("09-edgesync-dns-nonexistent-domain", "ndr.txt") if " returned '" in line]
    found = [named(line, "message_tracking") for line in told]
    assert [(s.id, s.class_) for s in found] == [("routing-edge-name", "routing")] * 2
    assert "edge server cannot be looked up" in words(*found)
    assert "says nothing of the recipient's domain" in words(*found)


def test_case_10_is_port_475_that_does_not_answer() -> None:
    told = [line for line in lines("10-mailbox-delivery-port-475-timeout", "ndr-lines.txt") if " returned '" in line]
    delayed, refused = (named(line, "message_tracking") for line in told)
    assert (delayed.id, delayed.class_) == ("routing-expired", "routing")
    assert (refused.id, refused.class_, refused.severity) == ("proxy-backend-connect-fail", "proxy", "high")
    assert "475 is mailbox delivery" in words(refused)


def test_case_11_is_the_back_end_that_refuses(tmp_path: Path) -> None:
    assert classes("11-frontend-proxy-2525-refused", tmp_path) == {"proxy-backend-connect-fail": "proxy"}


def test_case_12_is_a_certificate_without_its_key(tmp_path: Path) -> None:
    assert classes("12-tls-nocredentials-private-key", tmp_path)["tls-nocredentials"] == "tls"
    found = named("TLS negotiation failed with error NoCredentials", "smtp_send")
    assert found.severity == "high"
    assert "private key" in found.meaning
    assert not any(word in found.meaning + found.fix for word in ("time", "expired", "user", "password"))
    (queue,) = [line for line in lines("12-tls-nocredentials-private-key", "queue-error.txt") if line]
    assert "certificate without private key" in named(queue, "message_tracking").lookalikes


def test_case_13_is_a_component_that_is_inactive(tmp_path: Path) -> None:
    ended = lines("13-transport-inactive-connectivity", "CONNECTLOG-mailbox.LOG")[-1]
    answer = lines("13-transport-inactive-connectivity", "telnet.txt")[-1]
    told = [named(ended.split(",")[-1], "connectivity"), named(answer)]
    assert {(s.id, s.class_) for s in told} == {("proxy-service-not-active", "proxy")}
    assert "component" in words(*told)
    assert not any(word in words(*told) for word in ("network", "dns", "back pressure", "tls"))
    assert classes("13-transport-inactive-connectivity", tmp_path) == {"proxy-service-not-active": "proxy"}
