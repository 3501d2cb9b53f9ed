"""Rules that can find nothing are not asked; what decides that is asked of all rules together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tracelens.asker import Here
from tracelens.errors import ConfigError
from tracelens.rulebook import Rule, load_rules
from tracelens.screen import worth_asking

TEXT = """
title = "T"
class = "relay"
severity = "low"
finds = "server"
summary = "{{server}}"
why = "W"
lookalikes = "L"
fix = "F"
[params]
many = {many}
[query]
only_if = {{ {table} = "{condition}" }}
sql = "select server as subject, server from session where $many > 0"
[[example]]
name = "one"
given.session = [{{ server = "EX01" }}]
expect = [{{ server = "EX01" }}]
[[example]]
name = "none"
given.session = []
expect = []
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.execute("create table session as select 'EX01' as server, unnest(range(3)) as message_count")
    yield con
    con.close()


def rules(folder: Path, **told: tuple[int, str, str]) -> list[Rule]:
    """Gives rules of the house: their parameter, table and condition."""
    for name, (many, table, condition) in told.items():
        text = TEXT.format(many=many, table=table, condition=condition)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return [rule for rule in load_rules([folder]) if rule.id in told]


def test_each_rule_is_judged_by_its_own_parameter(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    told = rules(tmp_path, few=(3, "session", "count(*) >= $many"), lots=(4, "session", "count(*) >= $many"))
    assert worth_asking(Here(con), told) == {"few"}


def test_a_rule_without_a_condition_is_always_asked(con: duckdb.DuckDBPyConnection) -> None:
    plain = [rule for rule in load_rules() if not rule.only_if][:3]
    assert worth_asking(Here(con), plain) == {rule.id for rule in plain}


def test_a_condition_on_an_empty_table_does_not_hold(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("delete from session")
    assert worth_asking(Here(con), rules(tmp_path, idle=(1, "session", "bool_or(message_count >= $many)"))) == set()


def test_a_condition_that_cannot_be_asked_is_named_and_not_its_neighbours(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    told = rules(tmp_path, good=(1, "session", "count(*) >= $many"), odd=(1, "session", "bool_or(no_such > $many)"))
    with pytest.raises(ConfigError, match="only_if fails") as raised:
        worth_asking(Here(con), told)
    assert raised.value.where == "odd"


def test_a_condition_that_is_no_text_is_refused(tmp_path: Path) -> None:
    rules(tmp_path, fine=(1, "session", "count(*) >= $many"))
    text = (tmp_path / "fine.toml").read_text().replace('"count(*) >= $many"', "3")
    (tmp_path / "fine.toml").write_text(text)
    with pytest.raises(ConfigError, match="one text per table"):
        load_rules([tmp_path])
