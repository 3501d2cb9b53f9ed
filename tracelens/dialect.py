"""A model's SQL in the dialect of Spark, so that it gives the same rows there.

sqlglot knows how most of it is written. What it would render into SQL that runs and gives other rows, it is told by
`tracelens.rewrites`. What has no equal is refused with the reason; a test holds every model and rule to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.dialects import DuckDB

from tracelens.rewrites import INTERVALS, REWRITES, Node, UnportableError, times

REFUSED = {
    exp.AnyValue: "any_value is free to choose a row",
    exp.First: "first is free to choose a row",
    exp.Last: "last is free to choose a row",
    exp.ArgMax: "arg_max is free to choose among ties; take max of a struct that ends in a unique key",
    exp.ArgMin: "arg_min is free to choose among ties; take min of a struct that ends in a unique key",
    exp.PercentileCont: "percentile_cont interpolates; take percentile_disc",
    exp.Pivot: "PIVOT has no equal",
    exp.Slice: "slices of lists have no equal",
    exp.Extract: "extract counts differently",
    exp.TimeToStr: "strftime has no equal",
    exp.Mode: "mode is free to choose among ties",
    exp.DayOfWeek: "dayofweek counts from another day; take isodow",
    exp.ILike: "ilike folds case differently; compare lower()",
}
KNOWN = {*INTERVALS, "epoch_us", "regexp_split_to_array", "list_sum", "generate_subscripts", "unnest"}
OFTEN = 3


class Source(DuckDB):  # type: ignore[misc]
    """DuckDB with places in lists as written: sqlglot would count some of them from 0 and some from 1."""

    INDEX_OFFSET = 0


@dataclass(frozen=True)
class Step:
    """One SELECT of a model for Spark, and the name its rows have in the steps after it."""

    name: str
    sql: str


def spark(sql: str) -> str:
    """Gives a SELECT of DuckDB as one of Spark that gives the same rows.

    Raises:
        UnportableError: It uses what has no equal there.
    """
    return _written(_rewritten(sql))


def steps(name: str, sql: str) -> list[Step]:
    """Gives a model as SELECTs to run one after the other, the last of which gives its rows.

    DuckDB computes a subquery of WITH once, Spark each time it is read: so those that are read often, or once for each
    round of a recursion, become steps of their own.

    Raises:
        UnportableError: It uses what has no equal there.
    """
    tree = _rewritten(sql)
    ahead = tree.args.get("with_")
    if ahead is None:
        return [Step(name, _written(tree))]
    found: list[Step] = []
    parts = list(ahead.expressions)
    for number, part in enumerate(parts):
        if part.alias in _often(tree, parts):
            step = f"{name}__{part.alias}"
            before = exp.With(expressions=[one.copy() for one in parts[:number]], recursive=ahead.args.get("recursive"))
            body = part.this.copy()
            if _is_recursive(part):
                before.append("expressions", part.copy())
                body = exp.select("*").from_(part.alias)
            before_used = _needed(before, body)
            if before_used.expressions:
                body.set("with_", before_used)
            found.append(Step(step, _written(body)))
            part.set("this", exp.select("*").from_(exp.to_table(step)))
    kept = _needed(ahead, tree)
    tree.set("with_", kept if kept.expressions else None)
    return [*found, Step(name, _written(tree))]


def _often(tree: Node, parts: Sequence[Node]) -> set[str]:
    read: dict[str, int] = {}
    for table in tree.find_all(exp.Table):
        read[table.name] = read.get(table.name, 0) + 1
    found = {part.alias for part in parts if read.get(part.alias, 0) >= OFTEN}
    for part in parts:
        if _is_recursive(part):
            found |= {table.name for table in part.find_all(exp.Table)} - {part.alias} | {part.alias}
    return found


def _is_recursive(part: Node) -> bool:
    return any(table.name == part.alias for table in part.this.find_all(exp.Table))


def _needed(ahead: exp.With, tree: Node) -> exp.With:
    """Gives a WITH less the subqueries that are not read."""
    wanted = {table.name for table in tree.find_all(exp.Table) if table.find_ancestor(exp.With) is not ahead}
    kept: list[Node] = []
    for part in reversed(ahead.expressions):
        if part.alias in wanted:
            kept.insert(0, part)
            wanted |= {table.name for table in part.find_all(exp.Table)}
    is_recursive = any(_is_recursive(part) for part in kept)
    return exp.With(expressions=[part.copy() for part in kept], recursive=is_recursive)


def _written(tree: Node) -> str:
    return tree.sql("spark", identify=True, comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)


def _rewritten(sql: str) -> Node:
    tree = sqlglot.parse_one(re.sub(r"\blen\(", "array_length(", sql), read=Source)
    for node in list(tree.walk(bfs=False)):
        _refuse(node)
    for rewrite in REWRITES:
        tree = _from_below(tree, rewrite)
    return tree


def type_of(kind: str) -> str:
    """Gives a column type of DuckDB as one of Spark."""
    found = _from_below(exp.DataType.build(kind, dialect="duckdb"), times)
    return found.sql("spark")


def _from_below(tree: Node, rewrite: Callable[[Node], Node]) -> Node:
    """Rewrites a tree, the inner parts first."""
    for node in reversed(list(tree.walk(bfs=True))):
        new = rewrite(node)
        if new is not node:
            if node is tree:
                tree = new
            else:
                node.replace(new)
    return tree


def _refuse(node: Node) -> None:
    reason = REFUSED.get(type(node))
    if isinstance(node, exp.ArrayDistinct) and not isinstance(node.parent, exp.ArraySort | exp.ArraySize):
        reason = "list_distinct has no order; take list_sort(list_distinct())"
    if isinstance(node, exp.Select):
        distinct = {one.sql() for part in node.expressions for one in part.find_all(exp.Distinct)}
        if len(distinct) > 1 and any(one.find(exp.Distinct) for one in node.find_all(exp.GroupConcat)):
            reason = "string_agg(distinct) beside another distinct aggregate fails in Spark"
    if isinstance(node, exp.Join) and (node.method or "").upper() == "ASOF":
        reason = "ASOF joins have no equal"
    if isinstance(node, exp.Anonymous) and node.name.lower() not in KNOWN:
        reason = f"{node.name.lower()} is not known to be the same there"
    if (
        isinstance(node, exp.Union)
        and node.args.get("distinct")
        and isinstance(node.parent, exp.CTE)
        and _is_recursive(node.parent)
    ):
        reason = "UNION in a recursion is not known there; take UNION ALL and a bound"
    if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
        reason = "* with EXCLUDE or REPLACE is not portable"
    if reason:
        raise UnportableError(reason, where=node.sql("duckdb")[:200])
