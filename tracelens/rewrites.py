"""Rewrites of what Spark would take in the words of DuckDB and answer with other rows: one a method."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from tracelens.errors import InternalError

UNITS = {"microsecond": 1, "millisecond": 1000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000,
    "day": 86_400_000_000}  # fmt: skip
INTERVALS = {"to_hours": 1, "to_minutes": 2}
Node = exp.Expr


class UnportableError(InternalError):
    """A model or rule uses what Spark has no equal of."""


def _call(name: str, *arguments: Any) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[one.copy() for one in arguments])


def _number(value: int) -> Node:
    return exp.Literal.number(value)


def _text(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def _lambda(name: str, body: Node) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(name)])


def _is_null(value: Node) -> Node:
    return exp.Is(this=exp.Paren(this=value.copy()), expression=exp.Null())


def _key(fields: list[Node]) -> exp.Struct:
    """Gives what orders structs as DuckDB does: field by field, NULL after all values."""
    parts: list[Node] = []
    for number, value in enumerate(fields):
        parts.append(_field(f"n{number}", _is_null(value)))
        parts.append(_field(f"v{number}", value.copy()))
    return exp.Struct(expressions=parts)


def _field(name: str, value: Node) -> exp.PropertyEQ:
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=value)


def _values(struct: exp.Struct) -> list[Node]:
    return [part.expression if isinstance(part, exp.PropertyEQ) else part for part in struct.expressions]


def times(node: Node) -> Node:
    """TIMESTAMP is a moment in UTC: the session's zone."""
    if isinstance(node, exp.DataType) and node.this in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ):
        return exp.DataType(this=exp.DataType.Type.TIMESTAMPTZ)
    return node


def differences(node: Node) -> Node:
    """date_diff counts the borders of units crossed."""
    if not isinstance(node, exp.DateDiff):
        return node
    unit = UNITS.get(str(node.args["unit"].name).lower())
    if unit is None:
        raise UnportableError(f"date_diff in '{node.args['unit'].name}' is not portable")
    this, other = (_whole_units(one, unit) for one in (node.this, node.expression))
    return exp.Paren(this=exp.Sub(this=this, expression=other))


def _whole_units(moment: Node, unit: int) -> Node:
    micros = _call("unix_micros", moment)
    if unit == 1:
        return micros
    whole = exp.Sub(this=micros, expression=_call("pmod", micros, _number(unit)))
    return exp.IntDiv(this=exp.Paren(this=whole), expression=_number(unit))


def percentiles(node: Node) -> Node:
    """percentile_disc stays exact, and has the type of its values."""
    if not (isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileDisc)):
        return node
    ordered = node.expression.expressions[0]
    name = exp.Anonymous(this="percentile_disc", expressions=[node.this.this])
    by = exp.Order(expressions=[exp.Ordered(this=ordered.this, nulls_first=True)])
    return exp.Cast(this=exp.WithinGroup(this=name, expression=by), to=exp.DataType.build("bigint"))


def extremes(node: Node) -> Node:
    """Min and max of a struct order NULL after all values."""
    if not isinstance(node, exp.Min | exp.Max):
        return node
    key = _keyed(node.this)
    return node if key is None else _call("max_by" if isinstance(node, exp.Max) else "min_by", node.this, key)


def _keyed(value: Node) -> Node | None:
    if isinstance(value, exp.Struct):
        return _key(_values(value))
    if isinstance(value, exp.Case) and any(isinstance(one.args["true"], exp.Struct) for one in value.args["ifs"]):
        found = value.copy()
        for one in found.args["ifs"]:
            one.set("true", _keyed(one.args["true"]))
        return found
    return None


def lists(node: Node) -> Node:
    """list() keeps NULLs and its order, and is NULL without rows."""
    inside = node.this if isinstance(node, exp.Filter) else node
    if not isinstance(inside, exp.ArrayAgg):
        return node
    if isinstance(node.parent, exp.Filter) and node is inside:
        return node
    value, keys, falling, is_distinct = inside.this, [], [], False
    if isinstance(value, exp.Order):
        falling = [bool(isinstance(one, exp.Ordered) and one.args.get("desc")) for one in value.expressions]
        value, keys = value.this, [one.this if isinstance(one, exp.Ordered) else one for one in value.expressions]
    if isinstance(value, exp.Distinct):
        value, is_distinct = value.expressions[0], True
    is_sorted = bool(keys)
    if isinstance(node.parent, exp.ArraySort) and isinstance(value, exp.Struct):
        keys, is_sorted = _values(value), True
    wrapped = exp.Struct(expressions=[*([_field("k", _key(keys))] if is_sorted else []), _field("v", value.copy())])
    collected: Node = _call("collect_set" if is_distinct else "collect_list", wrapped)
    if isinstance(node, exp.Filter):
        collected = exp.Filter(this=collected, expression=node.expression.copy())
    turned = [_turned(falling)] if any(falling) else []
    ordered = _call("array_sort", collected, *turned) if is_sorted else collected
    taken = _call(
        "transform", ordered, _lambda("e_", exp.Dot(this=exp.to_identifier("e_"), expression=exp.to_identifier("v")))
    )
    return _call("if", exp.EQ(this=_call("size", collected), expression=_number(0)), exp.Null(), taken)


def _turned(falling: Sequence[bool]) -> exp.Lambda:
    """Gives what compares two structs by their keys, some of which fall; NULL comes after all values both ways."""
    cases = []
    for number, falls in enumerate(falling):
        for field, first, second in ((f"n{number}", 1, -1), (f"v{number}", *((-1, 1) if falls else (1, -1)))):
            cases += [
                f"when a_.k.{field} > b_.k.{field} then {first}",
                f"when a_.k.{field} < b_.k.{field} then {second}",
            ]
    body = sqlglot.parse_one(f"case {' '.join(cases)} else 0 end", read="spark")
    return exp.Lambda(this=body, expressions=[exp.to_identifier("a_"), exp.to_identifier("b_")])


def counts(node: Node) -> Node:
    """Different values within a window are counted as the size of their set."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Count) and isinstance(node.this.this, exp.Distinct):
        found = node.copy()
        found.set("this", _call("collect_set", *node.this.this.expressions))
        return exp.Cast(this=_call("size", found), to=exp.DataType.build("bigint"))
    return node


def quotients(node: Node) -> Node:
    """A quotient is a DOUBLE, and is rounded as one."""
    double = exp.DataType.build("double")
    if isinstance(node, exp.Div):
        found = node.copy()
        for side in ("this", "expression"):
            found.set(side, exp.Cast(this=found.args[side], to=double.copy()))
        return found
    if isinstance(node, exp.Round) and node.this.find(exp.Div) and isinstance(node.args.get("decimals"), exp.Literal):
        scale = exp.Literal.number(f"1e{node.args['decimals'].name}")
        whole = exp.Round(this=exp.Mul(this=exp.Paren(this=node.this.copy()), expression=scale))
        return exp.Div(this=whole, expression=scale.copy())
    return node


def sorts(node: Node) -> Node:
    """A list of structs that is collected in its order needs no second sort."""
    if isinstance(node, exp.ArraySort) and isinstance(node.this, exp.Anonymous) and node.this.name == "if":
        taken = node.this.expressions[-1]
        if taken.expressions[0].name == "array_sort":
            return node.this
    return node


def arrays(node: Node) -> Node:
    """Distinct lists drop NULLs; two lists overlap in values only; NULL is no list; what is out of range is NULL."""
    if isinstance(node, exp.Flatten):
        there = exp.Not(this=_is_null(exp.to_identifier("e_")))
        return _call("flatten", _call("filter", node.this, _lambda("e_", there)))
    if isinstance(node, exp.ArrayConcat):
        parts = [_call("coalesce", one, _call("array")) for one in (node.this, *node.expressions)]
        return _call("concat", *parts)
    if isinstance(node, exp.ArrayDistinct):
        return _call("array_compact", _call("array_distinct", node.this))
    if isinstance(node, exp.ArrayOverlaps):
        both = _call("arrays_overlap", node.this, node.expression)
        lacks = exp.Or(this=_is_null(node.this), expression=_is_null(node.expression))
        return _call("if", lacks, exp.Null(), _call("coalesce", both, exp.false()))
    if isinstance(node, exp.ArrayContains):
        return _call("array_contains", node.this, node.expression)
    if isinstance(node, exp.Bracket) and not isinstance(node.expressions[0], exp.Slice):
        index = node.expressions[0]
        place = exp.Sub(this=exp.Paren(this=index.copy()), expression=_number(1))
        return _call("get", node.this, exp.Cast(this=place.copy(), to=exp.DataType.build("int")))
    return node


def texts(node: Node) -> Node:
    """Concat takes NULL for nothing and numbers for texts; parts are cut at a text, not a pattern."""
    if type(node) is exp.Concat:
        parts = [
            one
            if isinstance(one, exp.Literal)
            else _call("coalesce", exp.Cast(this=_bare(one), to=exp.DataType.build("text")), _text(""))
            for one in node.expressions
        ]
        return _call("concat", *parts)
    if isinstance(node, exp.Split):
        return _call("split", node.this, _text(re.escape(node.expression.name)))
    if isinstance(node, exp.Anonymous) and node.name.lower() == "regexp_split_to_array":
        return _call("split", node.expressions[0], node.expressions[1])
    return node


def _bare(node: Node) -> Node:
    """Gives an argument of concat without what sqlglot wraps around it."""
    if isinstance(node, exp.Coalesce) and node.expressions and node.expressions[0].name == "" and node.this:
        node = node.this
    return node.copy()


def patterns(node: Node) -> Node:
    """Java's patterns end at the end of the text only, and their dot stops at a line feed only."""
    if isinstance(node, exp.RegexpLike):
        return exp.RegexpLike(this=node.this.copy(), expression=_pattern(node.expression))
    if isinstance(node, exp.RegexpExtract):
        group = node.args.get("group") or _number(0)
        return _call("regexp_extract", node.this, _pattern(node.expression), group)
    if isinstance(node, exp.RegexpExtractAll):
        return _call("regexp_extract_all", node.this, _pattern(node.expression), _number(0))
    if isinstance(node, exp.RegexpReplace):
        pattern = node.expression.name
        modifiers = node.args.get("modifiers")
        if not (modifiers and "g" in modifiers.name) and not (pattern.startswith("^") or pattern.endswith("$")):
            raise UnportableError("regexp_replace of the first match only is not portable", where=node.sql("duckdb"))
        replaced = re.sub(r"\\([0-9])", r"$\1", node.args["replacement"].name.replace("$", r"\$"))
        return _call("regexp_replace", node.this, _pattern(node.expression), _text(replaced))
    return node


def _pattern(literal: Node) -> exp.Literal:
    if not (isinstance(literal, exp.Literal) and literal.is_string):
        raise UnportableError("a pattern that is no literal is not portable", where=literal.sql("duckdb"))
    found = re.sub(r"\\.|\[(?:\\.|[^\]])*\]|\$", lambda part: r"\z" if part[0] == "$" else part[0], literal.name)
    return _text("(?d)" + found)


def functions(node: Node) -> Node:
    """Functions of another name."""
    if isinstance(node, exp.ToDays):
        return _call("make_dt_interval", node.this)
    if isinstance(node, exp.DayOfWeekIso):
        return exp.Paren(this=exp.Add(this=_call("weekday", node.this), expression=_number(1)))
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if name == "epoch_us":
            return _call("unix_micros", node.expressions[0])
        if name in INTERVALS:
            return _call("make_dt_interval", *(_number(0) for _ in range(INTERVALS[name])), node.expressions[0])
        if name == "list_sum":
            body = exp.Add(this=exp.to_identifier("s_"), expression=exp.to_identifier("e_"))
            both = exp.Lambda(this=body, expressions=[exp.to_identifier("s_"), exp.to_identifier("e_")])
            values = _call(
                "transform",
                node.expressions[0],
                _lambda("d_", exp.Cast(this=exp.to_identifier("d_"), to=exp.DataType.build("double"))),
            )
            return _call("aggregate", values, exp.Cast(this=_number(0), to=exp.DataType.build("double")), both)
    return node


def numbers(node: Node) -> Node:
    """Numbers without an order are the same each time they are asked for: Spark may ask twice.

    What is numbered is ordered by all that stands beside the number.
    """
    if not (isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber)):
        return node
    if node.args.get("order") or node.args.get("alias") or node.args.get("partition_by"):
        return node
    select = node.find_ancestor(exp.Select)
    assert select is not None
    beside = [one.this if isinstance(one, exp.Alias) else one for one in select.expressions]
    order = [exp.Ordered(this=one.copy()) for one in beside if one is not node and not one.find(exp.Star, exp.Window)]
    if any(one.find(exp.Star) for one in beside):
        if select.parent is not None and not isinstance(select.parent, exp.Union):
            raise UnportableError("row_number() over () beside * is not the same each time", select.sql("duckdb")[:200])
        order = [exp.Ordered(this=exp.Null())]
    numbered = node.copy()
    numbered.set("order", exp.Order(expressions=order))
    return numbered


def ranks(node: Node) -> Node:
    """Numbers of rows are BIGINT: what they are multiplied with may not fit an INT."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber | exp.Rank | exp.DenseRank):
        return exp.Cast(this=node.copy(), to=exp.DataType.build("bigint"))
    return node


def rows(node: Node) -> Node:
    """unnest: the rows of a list, with their places, or with the fields of its structs."""
    if isinstance(node, exp.Join) and isinstance(node.this, exp.Unnest):
        unnest = node.this
        alias = unnest.args["alias"]
        column = alias.args["columns"][0]
        select = exp.select(exp.alias_(_call("explode", unnest.expressions[0]), column.name))
        lateral = exp.Lateral(this=select.subquery(), alias=exp.TableAlias(this=alias.this.copy()))
        return exp.Join(this=lateral, kind="CROSS")
    if isinstance(node, exp.Select):
        return _exploded(node)
    return node


def _exploded(select: exp.Select) -> Node:
    found: dict[str, exp.Alias | Node] = {}
    for one in select.expressions:
        value = one.this if isinstance(one, exp.Alias) else one
        if isinstance(value, exp.Explode | exp.Unnest):
            found["list"] = one
        elif isinstance(value, exp.Anonymous) and value.name.lower() == "generate_subscripts":
            found["place"] = one
        elif isinstance(value, exp.Anonymous) and value.name.lower() == "unnest":
            found["fields"] = one
    if "fields" in found:
        value = found["fields"].this if isinstance(found["fields"], exp.Alias) else found["fields"]
        found["fields"].replace(_call("inline", value.expressions[0]))
    elif "list" in found:
        one = found["list"]
        value = one.this if isinstance(one, exp.Alias) else one
        inner = value.this if isinstance(value, exp.Explode) else value.expressions[0]
        recursive = any(isinstance(other, exp.PropertyEQ) for other in value.expressions)
        if recursive:
            one.replace(_call("inline", inner))
        elif "place" in found:
            pairs = exp.select(_call("posexplode", inner)).subquery("p_")
            return exp.select(
                exp.alias_(exp.column("col", table="p_"), one.alias),
                exp.alias_(exp.Add(this=exp.column("pos", table="p_"), expression=_number(1)), found["place"].alias),
            ).from_(pairs)
        else:
            value.replace(_call("explode", inner))
    return select


REWRITES: tuple[Callable[[Node], Node], ...] = (
    times, rows, differences, percentiles, extremes, lists, sorts, counts, quotients, arrays, texts, patterns,
    functions, numbers, ranks,
)  # fmt: skip
