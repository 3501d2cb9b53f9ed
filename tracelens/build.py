"""Runs the SQL models in the order of their names: sessions, links, paths.

Each file in `sql/` is one SELECT with a header (`-- grain:`, `-- kind:`, `-- order:`, `-- by:`); it gives the model
its name. Models that stand together and are built `by` conversation or message are built in shards of time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import groupby
from typing import Any

from tracelens.errors import InternalError
from tracelens.parts import Parts
from tracelens.portions import Portions
from tracelens.schema import INVENTORY_SETTING
from tracelens.shards import SHARD_ROWS, Shard, each_shard, shards
from tracelens.store import fill_table, make_table


@dataclass(frozen=True)
class Model:
    """One SQL model.

    Attributes:
        name: Table the model makes.
        kind: `table` is kept, `temp` lives until its last reader is built, `part` is read by models of single
            conversations only.
        by: `conversation` or `message` where what it tells of one depends on no other; else empty.
        grain: Columns that are unique together; empty when the model names none.
        sql: The SELECT, by `-- order:` in the order in which its rows are laid down, so that a look-up by it reads few.
        doc: What a row is: the first line of the header.
        columns: Meaning of columns, from header lines `-- column NAME: TEXT`.
    """

    name: str
    kind: str
    grain: tuple[str, ...]
    sql: str
    doc: str = ""
    by: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> frozenset[str]:
        """Names that the SELECT reads from: tables, and its own subqueries."""
        return frozenset(re.findall(r"\b(?:from|join)\s+([a-z_]+)", re.sub(r"--.*", "", self.sql)))


def models() -> list[Model]:
    """Gives all models in build order."""
    found = []
    for path in sorted(resources.files("tracelens").joinpath("sql").iterdir(), key=lambda entry: entry.name):
        if not path.name.endswith(".sql"):
            continue
        text = path.read_text(encoding="utf-8")
        head = dict(re.findall(r"^-- (kind|grain|order|by): *(.+)$", text, flags=re.M))
        grain = tuple(part.strip() for part in head.get("grain", "").split(",") if part.strip())
        name = path.name.split("_", 1)[1].removesuffix(".sql")
        columns = dict(re.findall(r"^-- column ([a-z0-9_]+): *(.+)$", text, flags=re.M))
        sql = f"{text}\norder by {head['order']}" if "order" in head else text
        doc = text.splitlines()[0].removeprefix("-- ")
        found.append(Model(name, head.get("kind", "table"), grain, sql, doc, head.get("by", "").strip(), columns))
    return found


def build(
    con: Any,
    on_model: Callable[[str], None] | None = None,
    inventory: Sequence[Mapping[str, Any]] = (),
    shard_rows: int = SHARD_ROWS,
) -> None:
    """Makes every derived table anew from the events of the open database.

    Args:
        con: Open DuckDB connection that has `smtp_event`, `tracking_event` and `log_file`.
        on_model: Called with the name of each model before it runs.
        inventory: Rows of `inventory_setting`.
        shard_rows: Protocol rows whose conversations are built at one time.

    Raises:
        InternalError: A model holds two rows where its grain allows one.
    """
    fill_table(con, INVENTORY_SETTING, inventory)
    tell = on_model or (lambda _: None)
    every = models()
    read = [reader.sources | {reader.name} for reader in every]
    last_use = {model.name: max(n for n, names in enumerate(read) if model.name in names) for model in every}
    laid_rows = shard_rows * 2 // 3  # each time a row group is left half full, to be written again
    of_conversations, of_messages = Parts(con, laid_rows), Parts(con, laid_rows)
    portions = Portions(con, max(shard_rows // 3, 1), of_messages)

    waiting = [model for model in every if model.kind != "table"]

    def drop_read(number: int) -> None:
        """Drops what no model from this one on reads."""
        for gone in [model for model in waiting if last_use[model.name] < number]:
            waiting.remove(gone)
            (of_conversations if gone.by == "conversation" else of_messages).drop(gone.name)

    number = 0
    for by, together in groupby(every, lambda model: model.by):
        block = list(together)
        found = shards(con, shard_rows) if by == "conversation" else ()
        if len(found) > 1:
            _build_shards(con, block, found, of_conversations, tell)
        elif by == "message" and portions.cut():
            inner = {model.name for model in block if last_use[model.name] < number + len(block)}
            _build_portions(con, block, portions, inner, tell)
        else:
            for place, model in enumerate(block, number + 1):
                tell(model.name)
                make_table(con, model.name, model.sql, model.kind != "table")
                check_grain(con, model)
                drop_read(place)
        number += len(block)
        drop_read(number)
        if not any(model.by == "message" for model in every[number:]):
            portions.close()


def _build_shards(
    con: Any, told: Sequence[Model], found: Sequence[Shard], parts: Parts, tell: Callable[[str], None]
) -> None:
    """Makes the models of single conversations, one shard after the other."""
    for number, shard in enumerate(each_shard(con, found)):
        for model in told:
            tell(model.name)
            make_table(con, model.name, shard.narrow(model.sql) if model is told[0] else model.sql, True)
        for model in told:
            _lay_by(con, model, number, parts, {model.name for model in told if model.kind == "part"})
    for model in told:
        if model.kind == "part":
            continue
        if model.kind == "table":
            parts.lay(model.name)
        else:
            parts.unite(model.name)
        check_grain(con, model)


def _build_portions(
    con: Any, told: Sequence[Model], portions: Portions, inner: Collection[str], tell: Callable[[str], None]
) -> None:
    """Makes the models of single messages, one portion after the other; `inner` are read within the block alone."""
    made = {model.name for model in told}
    last = {name: max(n for n, model in enumerate(told) if name in model.sources | {model.name}) for name in inner}
    for portion in portions.each({name for model in told for name in model.sources} - made):
        for place, model in enumerate(told):
            tell(model.name)
            make_table(con, model.name, model.sql, True)
            if model.kind != "table":  # these are checked whole in the end
                check_grain(con, model)
            for earlier in told:
                if earlier.kind != "table" and last.get(earlier.name) == place:
                    con.execute(f'drop table temp."{earlier.name}"')
        for model in told:
            _lay_by(con, model, portion.number, portions.parts, inner)
    for model in told:
        if model.kind == "table":
            portions.parts.lay(model.name)
            check_grain(con, model)
        elif model.name not in inner:
            portions.parts.unite(model.name)


def _lay_by(con: Any, model: Model, number: int, parts: Parts, inner: Collection[str]) -> None:
    """Takes what one shard or portion told for the table that is kept, or as a part; `inner` are needed no more."""
    if model.kind == "table":
        parts.add(model.name, number)
    elif model.name in inner:
        con.execute(f'drop table if exists temp."{model.name}"')
    else:
        parts.keep(model.name, number)


def check_grain(con: Any, model: Model) -> None:
    """Checks that the model's rows are unique by its grain.

    Raises:
        InternalError: They are not.
    """
    if not model.grain:
        return
    columns = ", ".join(f'"{name}"' for name in model.grain)
    # counting hashes takes a fraction of the memory; only where two are equal the rows themselves are compared
    fewer = f'select count(*) - count(distinct hash({columns})) from "{model.name}"'
    if not con.execute(fewer).fetchall()[0][0]:
        return
    twice = con.execute(
        f'select {columns}, count(*) from "{model.name}" group by all having count(*) > 1 limit 1'
    ).fetchall()
    if twice:
        raise InternalError(
            f"model '{model.name}' has more than one row for {model.grain}",
            where=str(twice[0]),
            hint="report this with the log lines of that row",
        )
