"""Paths of real problem reports (../shared/cases): the tree they show, and what they must not be made to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracelens import pipeline, store

SHARED = Path(__file__).resolve().parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "cases").is_dir(), reason="../shared/cases is not beside this checkout")


def test_case_03_the_fork_follows_the_hub_and_the_shadow_copy_is_no_hop(tmp_path: Path) -> None:
    pipeline.ingest([SHARED / "cases" / "03-outbound-proxy-frontend-ipv6"], tmp_path / "S", workers=1)
    hops = store.ask(
        tmp_path / "S",
        "select h.kind, h.from_server, h.to_server, h.receive_connector, p.kind as parent from hop h"
        " left join hop p on p.hop_key = h.parent_hop_key order by h.hop_number",
    ).rows()
    assert hops == [
        ("submit", "DAGSERVER50", "DAGSERVER5", "DAGSERVER5\\Default DAGSERVER5", None),
        ("fork", "DAGSERVER5", "DAGSERVER5", None, "submit"),
    ]
    assert store.ask(tmp_path / "S", "select status, basis from leg").rows() == [("in transit", "inferred")]


def test_case_03_says_where_the_rest_of_the_way_would_be(tmp_path: Path) -> None:
    pipeline.ingest([SHARED / "cases" / "03-outbound-proxy-frontend-ipv6"], tmp_path / "S", workers=1)
    gaps = store.ask(tmp_path / "S", "select side, server, log from gap order by side").rows()
    assert gaps == [("after", "DAGSERVER5", "message_tracking"), ("before", "DAGSERVER50", "message_tracking")]


def test_case_06_has_no_onward_hop_and_is_not_delivered(tmp_path: Path) -> None:
    pipeline.ingest([SHARED / "cases" / "06-exo-validation-recipient-not-found"], tmp_path / "S", workers=1)
    assert store.ask(
        tmp_path / "S", "select kind from hop where kind in ('transfer', 'deliver', 'external')"
    ).is_empty()
    assert store.ask(tmp_path / "S", "select 1 from leg where status in ('delivered', 'relayed')").is_empty()


def test_case_10_says_nothing_of_a_delivery_or_the_internet(tmp_path: Path) -> None:
    text = (SHARED / "cases" / "10-mailbox-delivery-port-475-timeout" / "ndr-lines.txt").read_text(encoding="utf-8")
    (tmp_path / "message.eml").write_text(
        text[text.index("Received:") :] + "Message-ID: <delayed@contoso.com>\n\nbody\n", encoding="utf-8"
    )
    pipeline.ingest([tmp_path / "message.eml"], tmp_path / "S", workers=1)
    hops = store.ask(tmp_path / "S", "select from_server, to_server, kind, basis from hop").rows()
    assert [(a.split(".")[0], b.split(".")[0]) for a, b, _, _ in hops] == [("conlonex01m", "conlonex02m")]
    assert all(kind not in ("external", "deliver") and basis == "reported" for _, _, kind, basis in hops)
