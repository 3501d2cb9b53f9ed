"""Runs the SQL models in the order of their names: sessions, links, paths.

Each file in `sql/` is one SELECT with a header (`-- grain:`, `-- kind:`, `-- order:`, `-- by: conversation`); it gives
the model its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from tracelens.errors import InternalError
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
        by_conversation: What it tells of one conversation depends on no other.
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
    by_conversation: bool = False
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
        found.append(Model(name, head.get("kind", "table"), grain, sql, doc, "by" in head, columns))
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
    told = [model for model in every if model.by_conversation]
    read = [reader.sources | {reader.name} for reader in every]
    last_use = {model.name: max(n for n, names in enumerate(read) if model.name in names) for model in every}
    for number, model in enumerate(every):
        if model is (told[0] if told else None):
            _build_shards(con, told, shards(con, shard_rows), tell)
        if not model.by_conversation:
            tell(model.name)
            make_table(con, model.name, model.sql, model.kind != "table")
            check_grain(con, model)
        for gone in every:
            if last_use[gone.name] == number and gone.kind != "table":
                con.execute(f'drop table if exists "{gone.name}"')


def _build_shards(con: Any, told: Sequence[Model], found: Sequence[Shard], tell: Callable[[str], None]) -> None:
    """Makes the models of single conversations; where there are several shards, one after the other."""
    if len(found) < 2:
        for model in told:
            tell(model.name)
            make_table(con, model.name, model.sql, model.kind != "table")
    else:
        database = con.execute("select current_database()").fetchall()[0][0]
        for shard in each_shard(con, found):
            for model in told:
                tell(model.name)
                make_table(con, model.name, shard.narrow(model.sql) if model is told[0] else model.sql, True)
            for model in told:
                if model.kind != "part":
                    kept = f'"{database}".main."{model.name}"'
                    verb = f"create or replace table {kept} as" if shard is found[0] else f"insert into {kept}"
                    con.execute(f'{verb} select * from temp."{model.name}"')
                con.execute(f'drop table temp."{model.name}"')
    for model in told:
        if model.kind != "part" or len(found) < 2:
            check_grain(con, model)


def check_grain(con: Any, model: Model) -> None:
    """Checks that the model's rows are unique by its grain.

    Raises:
        InternalError: They are not.
    """
    if not model.grain:
        return
    columns = ", ".join(f'"{name}"' for name in model.grain)
    twice = con.execute(
        f'select {columns}, count(*) from "{model.name}" group by all having count(*) > 1 limit 1'
    ).fetchall()
    if twice:
        raise InternalError(
            f"model '{model.name}' has more than one row for {model.grain}",
            where=str(twice[0]),
            hint="report this with the log lines of that row",
        )
