"""Runs the SQL models in the order of their names: sessions, links, paths.

Each file in `sql/` is one SELECT with a header (`-- grain:`, `-- kind:`, `-- order:`); it gives the model its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from tracelens.errors import InternalError
from tracelens.schema import INVENTORY_SETTING
from tracelens.store import fill_table, make_table


@dataclass(frozen=True)
class Model:
    """One SQL model.

    Attributes:
        name: Table the model makes.
        kind: `table` is kept, `temp` lives for the build only.
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
    columns: Mapping[str, str] = field(default_factory=dict)


def models() -> list[Model]:
    """Gives all models in build order."""
    found = []
    for path in sorted(resources.files("tracelens").joinpath("sql").iterdir(), key=lambda entry: entry.name):
        if not path.name.endswith(".sql"):
            continue
        text = path.read_text(encoding="utf-8")
        head = dict(re.findall(r"^-- (kind|grain|order): *(.+)$", text, flags=re.M))
        grain = tuple(part.strip() for part in head.get("grain", "").split(",") if part.strip())
        name = path.name.split("_", 1)[1].removesuffix(".sql")
        columns = dict(re.findall(r"^-- column ([a-z0-9_]+): *(.+)$", text, flags=re.M))
        sql = f"{text}\norder by {head['order']}" if "order" in head else text
        doc = text.splitlines()[0].removeprefix("-- ")
        found.append(Model(name, head.get("kind", "table"), grain, sql, doc, columns))
    return found


def build(con: Any, on_model: Callable[[str], None] | None = None, inventory: Sequence[Mapping[str, Any]] = ()) -> None:
    """Makes every derived table anew from the events of the open database.

    Args:
        con: Open DuckDB connection that has `smtp_event`, `tracking_event` and `log_file`.
        on_model: Called with the name of each model before it runs.
        inventory: Rows of `inventory_setting`.

    Raises:
        InternalError: A model holds two rows where its grain allows one.
    """
    fill_table(con, INVENTORY_SETTING, inventory)
    every = models()
    for model in every:
        if on_model:
            on_model(model.name)
        make_table(con, model.name, model.sql, model.kind == "temp")
        check_grain(con, model)
    for model in every:
        if model.kind == "temp":
            con.execute(f'drop table if exists temp."{model.name}"')


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
