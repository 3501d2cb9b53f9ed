"""Settings: what may be set, from where it is taken, what it is when nobody sets it.

Order: command line, environment, `tracelens.toml` in the working folder, default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracelens.errors import ConfigError

FILE = "tracelens.toml"


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: Key in `tracelens.toml`.
        variable: Environment variable.
        default: Value when nobody sets it.
        doc: What it does.
    """

    name: str
    variable: str
    default: Any
    doc: str


SETTINGS = (
    Setting("store", "TRACELENS_STORE", "tracelens-store", "folder of the store"),
    Setting("memory_limit", "TRACELENS_MEMORY_LIMIT", None, "memory limit of DuckDB while building, e.g. 512MB"),
    Setting("workers", "TRACELENS_WORKERS", None, "reading processes; the number of cores when not set"),
    Setting("rules", "TRACELENS_RULES", None, "folder with further rules"),
    Setting("upload_mb", "TRACELENS_UPLOAD_MB", 200, "largest upload on the dashboard's page Ingest; 0 turns it off"),
)


def setting(name: str) -> Any:
    """Gives the value of a setting from environment, file or default.

    Raises:
        ConfigError: `tracelens.toml` is wrong.
    """
    known = next(entry for entry in SETTINGS if entry.name == name)
    held = os.environ.get(known.variable) or _file().get(name)
    return known.default if held in (None, "") else held


def rule_params() -> Mapping[str, Mapping[str, Any]]:
    """Gives new values of rule parameters: tables `[rule.<id>]` in `tracelens.toml`.

    Raises:
        ConfigError: `tracelens.toml` is wrong.
    """
    found: Mapping[str, Mapping[str, Any]] = _file().get("rule", {})
    return found


def _file() -> Mapping[str, Any]:
    return _read(Path(FILE).absolute())


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", str(path)) from error
    for name in found:
        if name != "rule" and name not in {entry.name for entry in SETTINGS}:
            raise ConfigError(f"unknown setting '{name}'", str(path), "see the settings in README")
    if not all(isinstance(row, dict) for row in found.get("rule", {}).values()):
        raise ConfigError("'rule' holds tables only", str(path), "write [rule.<id>] and the parameter below it")
    return found
