"""Models in the dialect of Spark: what is rewritten, and what is refused with the reason."""

from __future__ import annotations

import re

import pytest

from tracelens.build import models
from tracelens.detect import question
from tracelens.dialect import spark, steps, type_of
from tracelens.rewrites import UnportableError
from tracelens.rulebook import load_rules
from tracelens.spark import filled


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_every_model_keeps_to_what_both_engines_have(model) -> None:
    assert steps(model.name, model.sql)[-1].name == model.name


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_every_rule_keeps_to_what_both_engines_have(rule) -> None:
    for sql in (question(rule), *(f"select {condition} from {table}" for table, condition in rule.only_if)):
        assert spark(filled(sql, rule.params)).startswith(("SELECT", "WITH"))


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select any_value(x) from t", "free to choose"),
        ("select arg_max(x, y) from t", "free to choose"),
        ("select percentile_cont(0.5) within group (order by x) from t", "interpolates"),
        ("select strftime(x, '%Y') from t", "no equal"),
        ("select extract(epoch from x) from t", "counts differently"),
        ("select x[1:2] from t", "slices"),
        ("select a.x from a asof join b on a.y >= b.y", "ASOF"),
        ("select regexp_replace(x, 'a', 'b') from t", "first match only"),
        ("select jaro_similarity(x, y) from t", "not known to be the same"),
        ("select * exclude (x) from t", "EXCLUDE"),
        ("select list_distinct(x) from t", "no order"),
        ("select count(distinct x), string_agg(distinct y, ' ' order by y) from t", "beside another distinct"),
        ("with recursive a as (select 1 as i union select i + 1 from a where i < 3) select i from a", "UNION ALL"),
        ("with n as (select row_number() over () as i, * from t) select * from n join n m on n.i = m.i", "each time"),
    ],
)
def test_what_has_no_equal_is_refused_with_the_reason(sql: str, reason: str) -> None:
    with pytest.raises(UnportableError, match=reason):
        spark(sql)


@pytest.mark.parametrize(
    ("sql", "rendered"),
    [
        ("percentile_disc(0.5) within group (order by x)", r"PERCENTILE_DISC\(0\.5\) WITHIN GROUP"),
        ("date_diff('second', a, b)", r"PMOD\(UNIX_MICROS\(`b`\), 1000000\)"),
        ("list(x order by y)", r"ARRAY_SORT\(COLLECT_LIST"),
        ("list(x order by y desc)", r"WHEN `a_`\.`k`\.`v0` > `b_`\.`k`\.`v0` THEN -1"),
        ("count(distinct x) over (partition by y)", r"SIZE\(COLLECT_SET\(`x`\) OVER"),
        ("round(x / 60, 1)", r"ROUND\(\(CAST\(`x` AS DOUBLE\) / CAST\(60 AS DOUBLE\)\) \* 1e1\)"),
        ("y + to_days(x)", r"MAKE_DT_INTERVAL\(`x`\)"),
        ("max({a: x, b: y})", r"MAX_BY\(STRUCT\(`x` AS `a`"),
        ("x[1]", r"GET\(`x`, CAST\(\(1\) - 1 AS INT\)\)"),
        ("regexp_matches(x, '^[$]a$')", r"\(\?d\)\^\[\$\]a\\\\z"),
        ("concat(a, ':')", r"COALESCE\(CAST\(`a` AS STRING\), ''\)"),
        ("len(x)", r"SIZE\(`x`\)"),
    ],
)
def test_what_would_give_other_rows_in_silence_is_rewritten(sql: str, rendered: str) -> None:
    assert re.search(rendered, spark(f"select {sql} from t"))


def test_a_subquery_that_a_recursion_reads_is_computed_once() -> None:
    sql = "with recursive a as (select 1 as n), r as (select n from a union all select r.n + 1 from r join a on r.n < 3) select * from r"
    assert [step.name for step in steps("m", sql)] == ["m__a", "m__r", "m"]


def test_times_are_moments_in_utc_on_both_engines() -> None:
    assert type_of("TIMESTAMP") == "TIMESTAMP"
    assert type_of("VARCHAR[]") == "ARRAY<STRING>"
