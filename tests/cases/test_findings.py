"""What tracelens finds in the real problem reports (../shared/cases), and what it must not say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracelens import pipeline, store

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases is not beside this checkout")

# case, rule, class, severity, connector named by the finding or by its words, words of the cause, words that are wrong
RIGHT = [
    ("01", "relay-denied-non-accepted", "relay", "info", "Default Frontend", ["missing from the accepted domains"],
     ["open relay", "spam", "attack", "logon", "authentication", "slow"]),
    ("02", "cap-mailbox-max-submission", "capacity", "low", "Intra-Organization SMTP Send Connector",
     ["refused 1 delivery", "Meeting Message Processing Agent", "tell of the same failure"],
     ["network", "relay", "unknown recipient"]),
    ("03", "proxy-outbound-frontend-failed", "proxy", "medium", "137c0a63-cbc7-4261-b49b-b4850e63593b",
     ["security status invalidtoken"], ["relay", "authentication", "dns", "database availability"]),
    ("03", "tls-security-status", "tls", "low", "137c0a63-cbc7-4261-b49b-b4850e63593b", ["IPv6"], ["relay", "dns"]),
    ("05", "routing-next-hop-no-relay", "routing", "medium", "", ["perhaps to this server itself"],
     ["probe", "attempt by", "outage"]),
    ("06", "dir-recipient-not-found", "delivery", "info", "", ["test.account@contoso.pl.example"],
     ["tls", "delivered", "works"]),
    ("07", "proxy-service-not-available", "proxy", "medium", "", ["component state and resources", "between the servers"],
     ["back pressure", "relay", "tls"]),
    ("07", "proxy-backend-reset", "proxy", "low", "", ["Connection dropped due to ConnectionReset"], ["relay", "tls"]),
    ("08", "tls-starttls-required", "tls", "high", "", ["certificate of the receiving connector"], ["logon failed", "outage"]),
    ("09", "routing-edge-name", "routing", "high", "edgesync - default-first-site-name to internet", ["DNS"],
     ["relay", "recipient domain does not exist"]),
    ("10", "proxy-backend-connect-fail", "proxy", "high", "", ["172.24.16.149:475", "10060"], ["internet", "client", "mdb27"]),
    ("11", "proxy-backend-connect-fail", "proxy", "critical", "Inbound Proxy Internal Send Connector",
     ["refused (10061)", "start the service"], ["dns", "client fault", "observed"]),
    ("12", "tls-nocredentials", "tls", "high", "Outbound to Office 365", ["private key", "TlsCertificateName"],
     ["timeout", "timed out", "expired", "password"]),
    ("13", "proxy-service-not-active", "proxy", "critical", "mailboxtransportsubmissioninternalproxy",
     ["component", "No mail went this way"], ["network", "dns", "back pressure", "tls"]),
]  # fmt: skip
BESIDE = {"08": {"proxy-outbound-frontend-failed"}}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The findings of each case."""
    told = {}
    for folder in sorted(path for path in CASES.iterdir() if path.is_dir()):
        place = tmp_path_factory.mktemp(folder.name[:2]) / "S"
        pipeline.ingest([folder], place, workers=1)
        told[folder.name[:2]] = store.ask(place, "select * from finding").to_dicts()
    return told


@pytest.mark.parametrize(("case", "rule", "class_", "severity", "connector", "cause", "wrong"), RIGHT)
def test_a_case_is_found_for_what_it_is(
    found: dict[str, list[dict[str, Any]]],
    case: str, rule: str, class_: str, severity: str, connector: str, cause: list[str], wrong: list[str],
) -> None:  # fmt: skip
    finding = next(row for row in found[case] if row["rule_id"] == rule)
    assert (finding["class"], finding["severity"]) == (class_, severity)
    assert connector in f"{finding['connector_id']} {finding['summary']}"
    words = f"{finding['title']}. {finding['summary']} {finding['advice']}"
    assert [part for part in cause if part not in words] == []
    said = f"{finding['title']}. {finding['summary']}".lower()
    assert [part for part in wrong if part in said] == []
    assert finding["evidence"]


def test_nothing_else_is_found_in_the_cases(found: dict[str, list[dict[str, Any]]]) -> None:
    wanted = {case: {row[1] for row in RIGHT if row[0] == case} | BESIDE.get(case, set()) for case in found}
    assert {case: {row["rule_id"] for row in rows} for case, rows in found.items()} == wanted
