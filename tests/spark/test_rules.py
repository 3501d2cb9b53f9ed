"""Rules asked of both engines: the rows of their examples, all columns, evidence too."""

from __future__ import annotations

import warnings
from pathlib import Path

import polars as pl
import pytest

from tests.rules.tables import every_table
from tests.spark.servers import SESSION, connect_server
from tracelens.asker import Answer, Here
from tracelens.detect import NAMED, name_replies, question
from tracelens.dialect import spark, type_of
from tracelens.lake import Lake
from tracelens.rulebook import load_rules
from tracelens.spark import Cluster, There
from tracelens.store import types_of


def unlike(ours: Answer, theirs: Answer) -> list[object]:
    """Gives the values that differ by column, or what there is where the answers have other columns or rows."""
    if ours[0] != theirs[0] or len(ours[1]) != len(theirs[1]):
        return [*theirs[0], len(ours[1]), len(theirs[1])]
    pairs = zip(ours[1], theirs[1], strict=True)
    return [(n, a, b) for one, other in pairs for n, a, b in zip(ours[0], one, other, strict=True) if a != b]


@pytest.mark.slow
@pytest.mark.spark
def test_every_rule_answers_the_same_on_both_engines(tmp_path: Path) -> None:
    differing = {}
    with (
        warnings.catch_warnings(),
        connect_server(tmp_path) as remote,
        Cluster(remote, Lake(str(tmp_path)), settings=SESSION).session(0) as session,
        every_table() as con,
    ):
        tables = [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        schemas = {
            name: ", ".join(f"`{column}` {type_of(kind)}" for column, kind in types_of(con, name).items())
            for name in tables
        }
        name_replies(con)

        def show(name: str) -> None:
            rows = con.sql(f'select * from "{name}"').to_arrow_table()
            session.createDataFrame(rows, schemas[name]).createOrReplaceTempView(name)

        for name in tables:
            show(name)
        here, there = Here(con), There(con, session, tmp_path.as_uri())
        for rule in load_rules():
            sql = question(rule)
            for example in rule.examples:
                if not example["expect"]:
                    continue
                con.execute("begin")
                for name, rows in example["given"].items():
                    times = 1 if name == "reply_class" else example.get("repeat", 1)
                    con.register("given", pl.from_dicts(rows * times, infer_schema_length=None).to_arrow())
                    con.execute(f'insert into "{name}" by name select * from given')
                    con.unregister("given")
                    show(name)
                session.sql(spark(NAMED)).createOrReplaceTempView("named_reply")
                ours = here.ask(sql, {key: value for key, value in rule.params.items() if f"${key}" in sql})
                try:
                    theirs = there.ask(sql, rule.params)
                except Exception as error:
                    theirs = [str(error).splitlines()[0]], []
                con.execute("rollback")
                for name in example["given"]:
                    show(name)
                if ours != theirs:
                    differing[f"{rule.id}: {example['name']}"] = unlike(ours, theirs)
    assert differing == {}
