"""Findings are grouped into incidents by what they share and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from types import SimpleNamespace
from typing import Any

from tracelens.incidents import Estate, account_of, grouped
from tracelens.rulebook import KINDS, load_rules

RULES = load_rules()
BEGIN = datetime(2026, 3, 2, 8)


def finding(
    rule: str, severity: str = "medium", minute: int | None = 0, length: int = 10, **more: Any
) -> dict[str, Any]:
    first = None if minute is None else BEGIN + timedelta(minutes=minute)
    last = None if first is None else first + timedelta(minutes=length)
    known = next(known for known in RULES if known.id == rule)
    empty = dict.fromkeys(("server", "connector_id", "remote_ip", "account", "message_key"))
    return {
        "finding_key": f"{rule}-{more.get('server')}-{minute}", "rule_id": rule, "class": known.class_,
        "severity": severity, "title": known.title, "summary": "It was so.", "hit_count": 3, "first_at": first,
        "last_at": last, "advice": known.advice, **empty, **more,
    }  # fmt: skip


def told(*findings: dict[str, Any], **estate: Any) -> tuple[list[dict[str, Any]], list[list[str]]]:
    incidents, members = grouped(RULES, findings, Estate(**estate))
    rule = {row["finding_key"]: row["rule_id"] for row in findings}
    groups = [[rule[m["finding_key"]] for m in members if m["incident_key"] == i["incident_key"]] for i in incidents]
    return incidents, groups


def test_one_stranger_at_one_time_is_one_incident_named_after_the_compromise() -> None:
    incidents, groups = told(
        finding("relay-denied-non-accepted", "high", remote_ip="203.0.113.9", server="EX01"),
        finding("relay-open-to-internet", "critical", 20, remote_ip="203.0.113.9", server="EX01"),
        finding("auth-bruteforce", "medium", 20, remote_ip="203.0.113.8", server="EX02"),
    )
    assert groups == [["relay-open-to-internet", "relay-denied-non-accepted"], ["auth-bruteforce"]]
    assert (incidents[0]["kind"], incidents[0]["severity"], incidents[0]["class"]) == (
        "compromise",
        "critical",
        "relay",
    )
    assert incidents[0]["first_at"] == BEGIN and incidents[0]["finding_count"] == 2


def test_the_same_stranger_days_later_is_another_incident() -> None:
    _, groups = told(
        finding("auth-bruteforce", minute=0, remote_ip="203.0.113.9"),
        finding("relay-probe-syntax", minute=26, remote_ip="203.0.113.9"),
    )
    assert len(groups) == 2


def test_troubles_of_one_server_belong_together_only_when_they_begin_together() -> None:
    _, together = told(
        finding("cap-back-pressure", minute=0, server="EX01"), finding("prx-generic", "low", 12, server="EX01")
    )
    _, apart = told(
        finding("cap-back-pressure", minute=0, length=500, server="EX01"),
        finding("prx-generic", "low", 60, server="EX01"),
    )
    assert (len(together), len(apart)) == (1, 2)


def test_the_peer_that_is_a_server_of_ours_ties_both_sides_together() -> None:
    servers = {"10.0.10.12": "EX02"}
    one = finding("proxy-backend-connect-fail", "high", server="EX01", remote_ip="10.0.10.12")
    other = finding("cap-back-pressure", "high", 5, server="EX02")
    assert [len(told(one, other, servers=known)[1]) for known in (servers, {})] == [1, 2]


def test_what_is_worth_knowing_only_joins_no_two_stories() -> None:
    _, groups = told(
        finding("auth-bruteforce", minute=0, remote_ip="203.0.113.9"),
        finding("relay-probe-syntax", minute=60, remote_ip="203.0.113.9"),
        finding("relay-inventory-device", "info", 0, 70, remote_ip="203.0.113.9"),
    )
    assert [len(group) for group in groups] == [2, 1]


def test_findings_without_a_time_are_one_incident_of_one_connector() -> None:
    where: dict[str, Any] = {"server": "EX01", "connector_id": "EX01\\Default Frontend EX01"}
    _, groups = told(
        finding("config-default-frontend-modified", minute=None, **where),
        finding("config-basic-without-tls", minute=None, **where),
        finding("config-hub-role-on-25", minute=None, server="EX02", connector_id="EX02\\X"),
    )
    assert sorted(len(group) for group in groups) == [1, 2]


def test_the_order_of_the_findings_changes_nothing() -> None:
    rows = [
        finding("relay-denied-non-accepted", "high", remote_ip="203.0.113.9", server="EX01"),
        finding("cap-back-pressure", "high", 3, server="EX01"),
        finding("relay-inventory-device", "info", 5, server="EX01"),
        finding("tls-nocredentials", "high", 300, server="EX02"),
    ]
    outcomes = {repr(grouped(RULES, list(order), Estate())) for order in permutations(rows)}
    assert len(outcomes) == 1


def test_a_story_has_five_lines_that_say_what_when_whom_what_else_and_what_to_do() -> None:
    row = finding("relay-open-to-internet", "critical", remote_ip="203.0.113.9", server="EX01", summary="Two\nlines.")
    beside = finding("relay-probe-syntax", "low", 2, remote_ip="203.0.113.9", server="EX01")
    known = {row["finding_key"]: {"m1", "m2"}}
    incidents, _ = told(row, beside, messages=known, last_at=BEGIN + timedelta(minutes=11))
    lines = incidents[0]["story"].split("\n")
    assert [line.split(":")[0] for line in lines] == ["What", "When", "Whom", "With it", "Do"]
    assert "still there when the logs end" in lines[1]
    assert "server EX01; address 203.0.113.9; 2 messages in the evidence" in lines[2]
    assert "(3 times)" in lines[3]
    assert incidents[0]["message_count"] == 2


def test_an_account_is_told_without_domain() -> None:
    rule: Any = SimpleNamespace(finds="account")
    assert account_of(rule, {"subject": "CONTOSO\\Anna.Berg"}) == "anna.berg"
    assert account_of(rule, {"account": "anna.berg@contoso.com"}) == "anna.berg"
    assert account_of(rule, {"auth_user": "CONTOSO\\svc", "subject": "CONTOSO\\svc EX01 EX01\\Apps"}) == "svc"
    other: Any = SimpleNamespace(finds="server")
    assert account_of(other, {"subject": "EX01"}) is None


def test_every_rule_tells_of_a_kind_that_has_a_place_in_the_order() -> None:
    assert {rule.kind for rule in RULES} == set(KINDS)
