"""Which rules can find anything at all: their `only_if`, asked together, with one scan of each table for all rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracelens.asker import Asker
from tracelens.errors import ConfigError, StoreError
from tracelens.rulebook import Rule


def worth_asking(asker: Asker, rules: Sequence[Rule]) -> set[str]:
    """Gives the ids of the rules whose `only_if` holds; a rule without one is always worth asking.

    Args:
        asker: Answers questions over all models.
        rules: Rules to judge.

    Raises:
        ConfigError: An `only_if` is no question that can be asked.
    """
    found = {rule.id for rule in rules}
    tables = sorted({table for rule in rules for table, _ in rule.only_if})
    for table in tables:
        named = [rule for rule in rules for name, _ in rule.only_if if name == table]
        held = _held(asker, table, named)
        found -= {rule.id for rule, holds in zip(named, held, strict=True) if not holds}
    return found


def _held(asker: Asker, table: str, rules: Sequence[Rule]) -> Sequence[bool | None]:
    """Gives what each rule's condition on a table comes to."""
    columns, params = [], {}
    for number, rule in enumerate(rules):
        condition = dict(rule.only_if)[table]
        # two rules may name their parameters alike
        columns.append(re.sub(r"\$([a-z_]+)", rf"$r{number}_\1", f"({condition}) as r{number}"))
        params.update({f"r{number}_{name}": rule.params[name] for name in re.findall(r"\$([a-z_]+)", condition)})
    try:
        answer: Sequence[bool | None] = asker.ask(f"select {', '.join(columns)} from {table}", params)[1][0]
    except StoreError:
        raise
    except Exception as error:
        if len(rules) > 1:  # name the one that cannot be asked
            return [_held(asker, table, [rule])[0] for rule in rules]
        raise ConfigError(f"only_if fails: {str(error).splitlines()[0]}", rules[0].id) from error
    return answer
