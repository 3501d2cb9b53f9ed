"""Paths of real problem reports (../shared/cases): the tree they show, and what they must not be made to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens import pipeline, store

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout")


@pytest.fixture(scope="module")
def case_03(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("case") / "S"
    pipeline.ingest([SHARED / "cases" / "03-outbound-proxy-frontend-ipv6"], place, workers=1)
    return place


def test_case_03_the_fork_follows_the_hub_and_the_shadow_copy_is_no_hop(case_03: Path) -> None:
    hops = store.ask(
        case_03,
        "select h.kind, h.from_server, h.to_server, h.receive_connector, p.kind as parent from hop h"
        " left join hop p on p.hop_key = h.parent_hop_key order by h.hop_number",
    ).rows()
    assert hops[:2] == [
        ("submit", "DAGSERVER50", "DAGSERVER5", "DAGSERVER5\\Default DAGSERVER5", None),
        ("fork", "DAGSERVER5", "DAGSERVER5", None, "submit"),
    ]


def test_case_03_behind_the_fork_a_front_end_fails_at_an_address_of_version_6(case_03: Path) -> None:
    hops = store.ask(
        case_03,
        "select h.kind, h.from_server, h.to_server, h.to_ip, h.to_port, h.outcome, h.basis, p.kind as parent from hop h"
        " left join hop p on p.hop_key = h.parent_hop_key where h.hop_number > 2 order by h.hop_number",
    ).rows()
    assert hops == [
        ("proxy", "DAGSERVER5", "MAILSERVER", "192.168.12.4", 717, "deferred", "inferred", "fork"),
        ("external", "MAILSERVER", None, "2001:db8:102:200::1", 25, "deferred", "inferred", "proxy"),
    ]
    ((status, basis, reason, hop_count),) = store.ask(
        case_03, "select status, basis, reason_text, len(hop_keys) from leg"
    ).rows()
    assert (status, basis, hop_count) == ("deferred", "inferred", 4)
    assert "Security status InvalidToken" in reason


def test_case_03_says_where_the_rest_of_the_way_would_be(case_03: Path) -> None:
    gaps = store.ask(case_03, "select side, server, service, log from gap order by side").rows()
    assert gaps == [
        ("after", "MAILSERVER", "frontend", "smtp_send"),
        ("before", "DAGSERVER50", "submission", "message_tracking"),
    ]


def test_case_06_has_no_onward_hop_and_is_not_delivered(tmp_path: Path) -> None:
    pipeline.ingest([SHARED / "cases" / "06-exo-validation-recipient-not-found"], tmp_path / "S", workers=1)
    assert store.ask(
        tmp_path / "S", "select kind from hop where kind in ('transfer', 'deliver', 'external')"
    ).is_empty()
    assert store.ask(tmp_path / "S", "select 1 from leg where status in ('delivered', 'relayed')").is_empty()


def test_case_10_headers_are_reported_and_claim_no_delivery(tmp_path: Path) -> None:
    text = (SHARED / "cases" / "10-mailbox-delivery-port-475-timeout" / "ndr-lines.txt").read_text(encoding="utf-8")
    (tmp_path / "message.eml").write_text(
        text[text.index("Received:") :] + "Message-ID: <delayed@contoso.com>\n\nbody\n", encoding="utf-8"
    )
    pipeline.ingest([tmp_path / "message.eml"], tmp_path / "S", workers=1)
    hops = store.ask(tmp_path / "S", "select from_server, to_server, kind, basis from hop").rows()
    assert [(a.split(".")[0], b.split(".")[0]) for a, b, _, _ in hops] == [("conlonex01m", "conlonex02m")]
    assert all(kind != "deliver" and basis == "reported" for _, _, kind, basis in hops)
    assert store.ask(tmp_path / "S", "select 1 from leg where status in ('delivered', 'failed')").is_empty()
