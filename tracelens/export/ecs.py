"""Events under the names of the Elastic Common Schema, one JSON object per line; `docs/export.md` has the mapping.

The mapping itself is a saved question per table (`queries/ecs_*.sql`) whose columns carry the dotted names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

QUESTIONS = {"smtp_event": "ecs_smtp_event", "tracking_event": "ecs_tracking_event"}
"""Saved question by table."""


def nested(columns: Sequence[str]) -> str:
    """Gives an SQL expression: one JSON text of dotted columns, nested, without what is NULL."""
    tree: dict[str, Any] = {}
    for column in columns:
        *path, leaf = column.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[leaf] = column
    return f"cast(json_merge_patch('{{}}', to_json({_struct(tree)})) as varchar)"


def _struct(tree: Mapping[str, Any]) -> str:
    parts = []
    for name, value in tree.items():
        if isinstance(value, str):
            parts.append(f"'{name}': \"{value}\"")
            continue
        absent = " and ".join(f'"{column}" is null' for column in _leaves(value))
        parts.append(f"'{name}': case when {absent} then null else {_struct(value)} end")
    return "{" + ", ".join(parts) + "}"


def _leaves(tree: Mapping[str, Any]) -> list[str]:
    found = []
    for value in tree.values():
        found += [value] if isinstance(value, str) else _leaves(value)
    return found


def ascii_only(line: str) -> str:
    """Gives JSON text in which every character beyond ASCII is escaped, so that it is inert on a terminal."""
    return (
        line
        if line.isascii() and "\x7f" not in line
        else re.sub(r"[^\x00-\x7e]", lambda m: json.dumps(m[0])[1:-1], line)
    )
