"""What the files of rules may say, beyond what loading them checks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from tracelens.agreement import filled
from tracelens.rulebook import SEVERITIES, Rule, load_rules, load_signatures

RULES = Path(__file__).parents[2] / "tracelens" / "rules"
NUMBER = re.compile(
    r"count$|hour$|minutes$|_days?$|^days_|^hours$|messages$|_window$|^limit$|^errors$|^failures$|_rows$"
)
KINDS = "(?:public|outside|odd|such|new|client|server|failed|refused|delayed|journal|poison)"
KNOWN = {signature.id: signature for signature in load_signatures()}


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_rule_names_only_signatures_that_there_are(path: Path) -> None:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    gate = set(document.get("query", {}).get("signatures", []))
    told = set(re.findall(r"signature_id = '([^']+)'", document.get("query", {}).get("sql", "")))
    assert gate <= told
    named = told | set(document.get("match", {}).get("signatures", []))
    assert {name for name in named if name not in KNOWN or KNOWN[name].grade == "U"} == set()


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_a_rule_speaks_in_sentences_and_escalates_upwards(rule: Rule) -> None:
    assert rule.title[0].isupper() and not rule.title.endswith(".")
    for text in (rule.summary, rule.why, rule.fix, rule.lookalikes):
        assert text.endswith((".", "?", "}")), text
    for _, severity in rule.escalate:
        assert SEVERITIES.index(severity) > SEVERITIES.index(rule.severity)
    assert rule.needs


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_no_plural_follows_a_one_in_a_summary(rule: Rule) -> None:
    names = {name for _, name, _, _ in Formatter().parse(rule.summary) if name}
    said = filled(rule.summary, {name: 1 if NUMBER.search(name) else "EX01" for name in names})
    follows = re.findall(rf"\b1 (?:{KINDS} )*([a-z-]+s)\b", said)
    assert set(follows) <= {"address", "was", "is", "has", "does"}, said


def test_a_summary_keeps_the_plural_after_other_numbers_and_texts() -> None:
    said = "{n} outside addresses were seen by {who} addresses, {m} conversations or messages that have {k} entries"
    filled_in = filled(said, {"n": 1, "who": "1", "m": 1, "k": 21})
    assert filled_in == "1 outside address was seen by 1 addresses, 1 conversation or message that has 21 entries"


def test_no_probe_and_no_inventory_is_born_louder_than_an_outage_or_a_compromise() -> None:
    rules = {rule.id: rule for rule in load_rules()}
    born = {name: SEVERITIES.index(rule.severity) for name, rule in rules.items()}
    ends = {name: max([born[name], *(SEVERITIES.index(to) for _, to in rule.escalate)]) for name, rule in rules.items()}
    compromise = ("auth-success-after-failures", "auth-account-spam-run", "relay-open-to-internet")
    outage = (
        "cap-back-pressure",
        "cap-submission-temp-disk",
        "routing-remote-unreachable",
        "proxy-backend-connect-fail",
    )
    misconfigured = ("auth-basic-cleartext", "tls-none-internal", "routing-mx-loopback", "dir-ambiguous")
    probe = ("behaviour-vrfy-expn", "behaviour-enumeration", "auth-bot-ehlo", "behaviour-http-on-smtp")
    inventory = ("tls-old-protocol", "relay-inventory-device", "behaviour-scanner", "relay-dormant-client")
    assert {ends[name] for name in (*compromise, *outage)} == {SEVERITIES.index("critical")}
    assert min(born[name] for name in misconfigured) > max(born[name] for name in (*probe, *inventory))
    assert max(ends[name] for name in probe) <= SEVERITIES.index("medium")
