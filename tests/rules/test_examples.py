"""Each signature and rule holds against its own examples, on the real models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.rules.tables import every_table
from tracelens.asker import Here
from tracelens.classify import classify, fold, unwrap
from tracelens.detect import name_replies, run
from tracelens.rulebook import Rule, Signature, load_rules, load_signatures
from tracelens.screen import worth_asking

SIGNATURES = load_signatures()
EXAMPLES = [(rule, example) for rule in load_rules() for example in rule.examples]


@pytest.fixture(scope="module")
def models() -> Iterator[duckdb.DuckDBPyConnection]:
    """All models, empty."""
    con = every_table()
    name_replies(con)
    yield con
    con.close()


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{r.id}: {e['name']}" for r, e in EXAMPLES])
def test_a_rule_finds_what_its_example_expects(
    models: duckdb.DuckDBPyConnection, rule: Rule, example: dict[str, Any]
) -> None:
    models.execute("begin")
    try:
        for table, rows in example["given"].items():
            frame = pl.from_dicts(
                rows * example.get("repeat", 1) if table != "reply_class" else rows, infer_schema_length=None
            )
            models.register("given", frame.to_arrow())
            models.execute(f'insert into "{table}" by name select * from given')
            models.unregister("given")
        columns = run(Here(models), rule)
        is_worth = rule.id in worth_asking(Here(models), [rule])
        named = {key: value for key, value in rule.params.items() if f"${key}" in rule.sql}
        raw = models.sql(rule.sql, params=named or None).pl().to_dicts()
    finally:
        models.execute("rollback")
    assert len(columns) == len(example["expect"])
    assert is_worth or not example["expect"]
    raw.sort(key=lambda row: str(row["subject"]))
    for finding, row, wanted in zip(columns, raw, example["expect"], strict=True):
        seen = {**row, **finding}
        assert {key: seen[key] for key in wanted} == wanted
        assert "{" not in finding["summary"]


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.id)
def test_a_signature_names_its_examples_and_not_its_look_alikes(signature: Signature) -> None:
    logs = signature.where[:1]
    unverified = signature.grade == "U"
    for text in signature.examples:
        found = classify(text, SIGNATURES, logs, unverified)
        assert found is not None and found.id == signature.id, text
    for text in signature.counter_examples:
        found = classify(text, SIGNATURES, logs, unverified)
        assert found is None or found.id != signature.id, text


def test_an_unverified_signature_is_used_only_when_asked_for() -> None:
    text = "Unable to find a target for the inbound proxy layer"
    assert classify(text, SIGNATURES) is None
    found = classify(text, SIGNATURES, unverified=True)
    assert found is not None and found.id == "proxy-target-not-found"


def test_every_rule_has_a_look_alike_that_stands_in_a_table_the_rule_reads() -> None:
    bare = []
    for rule in load_rules():
        quiet = [example for example in rule.examples if not example["expect"] and any(example["given"].values())]
        read = {table for example in quiet for table in example["given"] if re.search(rf"\b{table}\b", rule.sql)}
        if "named_reply" in rule.sql and any("reply" in example["given"] for example in quiet):
            read.add("reply")
        if not read:
            bare.append(rule.id)
    assert bare == []


def test_nested_errors_are_unwrapped_to_the_innermost() -> None:
    text = (
        "[{LRT=1/2/2026 8:00:00 AM};{LED=450 4.7.0 Proxy session setup failed on Frontend with '451 4.4.0 Primary"
        ' target IP address responded with: "421 4.3.2 Service not active." Attempted\'};{FQDN=mx.example.com}]'
    )
    assert unwrap(text)[-1] == "421 4.3.2 service not active."
    found = classify(text, SIGNATURES)
    assert found is not None and found.id == "proxy-service-not-active"


def test_a_text_no_signature_knows_stays_unnamed() -> None:
    assert classify("No words anybody knows", SIGNATURES) is None
    assert fold("  A\tb \n C ") == "a b c"
