"""Expressions of models, asked of both engines: what Spark would answer otherwise without a word."""

from __future__ import annotations

import warnings
from pathlib import Path

import duckdb
import pytest

from tests.spark.servers import SESSION, connect_server
from tracelens.dialect import spark
from tracelens.lake import Lake
from tracelens.spark import Cluster

ROWS = """
    select * from (values
        (1, 'a', 4, timestamp '2026-03-02 08:00:00.999999', 'EX01 250 2.1.0 <a@b>', ['x', null, 'y']),
        (1, null, 4, timestamp '2026-03-02 08:00:01.000001', null, ['y', 'x']),
        (2, 'b', null, timestamp '2026-03-02 09:59:59.5', 'line one' || chr(10) || 'line two', []),
        (2, 'a', 7, timestamp '1969-12-31 23:59:59.5', 'LED=[4.4.7]', null),
        (2, 'B', 9, timestamp '2026-03-03 00:00:00', '', ['', 'z'])
    ) as t(g, name, n, moment, told, words)"""
PER_ROW = (
    "date_diff('second', timestamp '2026-03-02 08:00:00', moment)",
    "date_diff('day', timestamp '2026-03-01 23:00:00', moment)",
    "date_diff('microsecond', moment, timestamp '2026-03-02 08:00:00')",
    "cast(date_trunc('hour', moment) as varchar) is not null",
    "concat(name, ':', n)",
    "concat_ws('|', name, cast(n as varchar))",
    "words[1]",
    "words[n]",
    "words[4]",
    "len(words)",
    "list_sort(list_distinct(words)) = []",
    "list_has_any(words, ['x'])",
    "array_to_string(words, ' ')",
    "list_sort(words)[1]",
    "regexp_extract(told, '([0-9]\\.[0-9]\\.[0-9])', 1)",
    "regexp_extract(told, 'line')",
    "regexp_matches(told, 'one$')",
    "regexp_matches(told, 'line.*two')",
    "regexp_replace(told, '^(.)(.*)$', '\\2$\\1')",
    "split_part(told, ' ', -1)",
    "string_split(told, '.')[2]",
    "trim(told, '<>L]')",
    "try_cast(nullif(regexp_extract(told, '[0-9]+'), '') as bigint)",
    "greatest(n, 5)",
    "coalesce(name is distinct from 'a', false)",
)
PER_GROUP = (
    "min({name: name, n: n}).n",
    "max({name: name, n: n}).name",
    "max({n: n, name: name}) filter (n is not null).name",
    "max(case when n > 4 then {name: name, n: n} end).n",
    "percentile_disc(0.5) within group (order by n)",
    "array_to_string(list(coalesce(name, '?') order by n, moment), ',')",
    "len(list(name))",
    "list(n) filter (n > 100) is null",
    "array_to_string(list_sort(list(distinct name)), ',')",
    "string_agg(distinct name, '; ' order by name)",
    "bool_or(name = 'b')",
    "cast(sum(n) as bigint)",
    "count(*) filter (name = 'a')",
)


@pytest.mark.slow
def test_both_engines_give_the_same_answers_to_the_expressions_of_models(tmp_path: Path) -> None:
    row, group = (
        ", ".join(f"cast({one} as varchar) as c{number}" for number, one in enumerate(those))
        for those in (PER_ROW, PER_GROUP)
    )
    asked = (
        f"with t as ({ROWS}) select g, moment, {row} from t",
        f"with t as ({ROWS}) select g, {group} from t group by g",
        f"with t as ({ROWS}) select t.g, u.word from t, lateral (select unnest(t.words) as word) u",
        f"with t as ({ROWS}) select t.g, u.word, u.place from t, lateral (select unnest(t.words) as word, "
        "generate_subscripts(t.words, 1) as place) u",
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 150) select n, row_number() over (order by n) * "
        "100000000 as k, rank() over (order by n) * 100000000 as r, dense_rank() over (order by n) * 100000000 as d from r",
    )
    with (
        warnings.catch_warnings(),
        connect_server(tmp_path, "local[1]") as remote,
        Cluster(remote, Lake(str(tmp_path)), settings=SESSION).session(0) as session,
        duckdb.connect() as con,
    ):
        con.execute("set timezone = 'UTC'")
        for sql in asked:
            names = con.execute(sql).description
            ours = con.execute(sql).fetchall()
            theirs = [tuple(one.values()) for one in session.sql(spark(sql)).toArrow().to_pylist()]
            theirs = [tuple(v.replace(tzinfo=None) if hasattr(v, "tzinfo") else v for v in one) for one in theirs]
            columns = zip(*sorted(ours, key=str), strict=True), zip(*sorted(theirs, key=str), strict=True)
            differing = [
                (name[0], left, right) for name, left, right in zip(names, *columns, strict=True) if left != right
            ]
            assert differing == []
